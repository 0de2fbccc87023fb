"""Optimisers, schedules, the training step, pretraining."""
