"""From labelled complaints to a model: datasets, training, calibration, thresholds, evaluation."""
