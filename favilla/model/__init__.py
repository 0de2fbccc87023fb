"""The network: config, text backbone, experts, vision tower, and the checkpoint folder in and out."""

from favilla.model.cache import KVCache
from favilla.model.config import SparkConfig, TextConfig, VisionConfig
from favilla.model.folder import load_config, load_model, save_model
from favilla.model.spark import MuseSpark, image_slots, initialise
from favilla.model.vision import PackedPictures, pack_pictures

__all__ = [
    "KVCache", "MuseSpark", "PackedPictures", "SparkConfig", "TextConfig", "VisionConfig", "image_slots", "initialise",
    "load_config", "load_model", "pack_pictures", "save_model",
]  # fmt: skip
