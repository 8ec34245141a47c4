"""Backlogs: a file in, the same rows with suggestions out."""
