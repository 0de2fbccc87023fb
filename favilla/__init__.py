"""Favilla: natively multimodal reasoning models of the Muse Spark kind, end to end."""
