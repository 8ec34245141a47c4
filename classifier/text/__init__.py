"""From a raw text to features: normalise, mask, segment, featurise; `pipeline` states the order."""
