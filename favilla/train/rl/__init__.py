"""Reinforcement learning from verifiable rewards, on the project's own engine."""
