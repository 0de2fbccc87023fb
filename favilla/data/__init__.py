"""Mixtures of worlds, packing, and deterministic resumable loading."""
