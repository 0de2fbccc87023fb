"""Measuring a model: accuracy per family and level, with intervals and a baseline that knows nothing."""
