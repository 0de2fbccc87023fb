"""Configuration of the Muse Spark family, field for field as a Hugging Face `config.json` states it.

Names and defaults are those of the published `muse_spark` and `muse_glimmer` config classes, so a folder needs
no translation. Keys that we do not use (audio tower, bookkeeping of other runtimes) are kept and written back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeGuard

from favilla.errors import UserError

MODEL_TYPES = ("muse_spark", "muse_glimmer")
MAX_LAYERS = 4096


def known_fields(cls: type, values: dict[str, Any], section: str) -> dict[str, Any]:
    """Our fields among the values of a section (such as "text_config."). Raises UserError for one of the wrong type, and for
    a size below 1."""
    known = {f.name: f.default for f in fields(cls)}
    found = {key: value for key, value in values.items() if key in known and value is not None}
    for key, value in found.items():
        default = known[key]
        if isinstance(default, bool | int | float | str):
            allowed = (int, float) if isinstance(default, float) else (type(default),)
            if type(value) not in allowed:
                raise UserError(f"config: {section}{key} is {value!r}, not of type {type(default).__name__}")
            if type(default) is int and value < 1 and not key.endswith("_id"):
                raise UserError(f"config: {section}{key} is {value}, less than 1")
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and abs(value) < 1e38  # float32's range


def _check_rope(parameters: Any, section: str, kinds: tuple[str, ...]) -> None:
    """Raises UserError unless rotary parameters have one of these types and a base."""
    if not isinstance(parameters, dict) or parameters.get("rope_type", kinds[0]) not in kinds:
        raise UserError(f"config: {section}.rope_parameters must be an object with a rope_type of {', '.join(kinds)}")
    theta = parameters.get("rope_theta")
    if not _is_number(theta) or theta <= 0:
        raise UserError(f"config: {section}.rope_parameters: rope_theta is {theta!r}; give a number above 0")


def _check_layers(layers: int, section: str) -> None:
    # Before lists of that length are made, which a slip of the pen would let grow beyond all memory.
    if layers > MAX_LAYERS:
        raise UserError(f"config: {section}.num_hidden_layers is {layers}; give {MAX_LAYERS} at most")


@dataclass(kw_only=True)
class TextConfig:
    """Text backbone. `None` in a list field means the published default pattern."""

    vocab_size: int = 202_048
    hidden_size: int = 8192
    intermediate_size: int = 16_384
    num_hidden_layers: int = 62
    num_attention_heads: int = 128
    num_key_value_heads: int = 16
    head_dim: int = 64
    hidden_act: str = "silu"
    max_position_embeddings: int = 1_048_576
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-5
    post_norm_eps: float = 1e-8
    attention_bias: bool = False
    attention_dropout: float = 0.0
    sliding_window: int | None = 2048
    layer_types: list[str] = None  # type: ignore[assignment]
    layer_rope_theta: list[float] = None  # type: ignore[assignment]
    rope_parameters: dict[str, Any] = field(default_factory=lambda: {"rope_type": "default", "rope_theta": 500_000.0})
    qk_scale_factor: float = 5.4730064863875
    output_multiplier: float = 0.1767766952966369
    final_logit_softcapping: float = 20.0
    # muse_spark only
    residual_gate_temperature: float = 0.3
    mlp_layer_types: list[str] = None  # type: ignore[assignment]
    num_local_experts: int = 256
    num_experts_per_tok: int = 8
    moe_hidden_size: int = 4096
    moe_intermediate_size: int = 4096
    routed_scaling_factor: float = 1.0

    def __post_init__(self) -> None:
        _check_rope(self.rope_parameters, "text_config", ("default", "linear", "llama3", "yarn"))
        _check_layers(self.num_hidden_layers, "text_config")
        n = self.num_hidden_layers
        # every fourth layer, counted from the last, is global and without positions
        is_global = [(n - 1 - i) % 4 == 0 for i in range(n)]
        if self.layer_types is None:
            self.layer_types = ["full_attention" if g else "sliding_attention" for g in is_global]
        if self.layer_rope_theta is None:
            theta = self.rope_parameters["rope_theta"]
            self.layer_rope_theta = [0 if g else theta for g in is_global]
        if self.mlp_layer_types is None:
            self.mlp_layer_types = ["sparse"] * n

    def window(self, layer: int) -> int | None:
        """Sliding window of a layer in tokens, None where it attends to everything before it."""
        return self.sliding_window if self.layer_types[layer] == "sliding_attention" else None


@dataclass(kw_only=True)
class VisionConfig:
    """Vision tower. The attention window is `pos_emb_height` patches a side."""

    patch_size: int = 14
    patch_temporal: int = 2
    merge_size: int = 2
    pos_emb_height: int = 32
    pos_emb_width: int = 32
    hidden_size: int = 1536
    intermediate_size: int = 8960
    num_hidden_layers: int = 50
    num_attention_heads: int = 16
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-5
    layer_types: list[str] = None  # type: ignore[assignment]
    rope_parameters: dict[str, Any] = field(default_factory=lambda: {"rope_type": "axial", "rope_theta": 10_000.0})

    def __post_init__(self) -> None:
        _check_rope(self.rope_parameters, "vision_config", ("axial",))
        _check_layers(self.num_hidden_layers, "vision_config")
        n = self.num_hidden_layers
        if self.layer_types is None:
            full = [(i + 1) % 4 == 0 or i == n - 1 for i in range(n)]
            self.layer_types = ["full_attention" if f else "window_attention" for f in full]


@dataclass(kw_only=True)
class SparkConfig:
    """The whole model. `extra` holds what a folder's config states beyond our fields, by section."""

    model_type: str = "muse_spark"
    text: TextConfig = field(default_factory=TextConfig)
    vision: VisionConfig = field(default_factory=VisionConfig)
    image_token_id: int = 200_092
    projector_hidden_size: int = 4096
    projector_hidden_act: str = "gelu"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def gated(self) -> bool:
        """Muse Spark has residual gates, output norm and scaleless post-attention norm; Muse Glimmer has not."""
        return self.model_type == "muse_spark"

    @property
    def tied(self) -> bool:
        """Whether a folder may leave out the head, which is then the embedding; the reference ties Muse Glimmer's only."""
        return not self.gated and bool(self.extra.get("tie_word_embeddings"))

    def __post_init__(self) -> None:
        t, v = self.text, self.vision
        if self.model_type == "muse_glimmer":
            t.mlp_layer_types = ["dense"] * t.num_hidden_layers
        if t.num_attention_heads % t.num_key_value_heads:
            raise UserError(
                f"config: {t.num_attention_heads} attention heads cannot share {t.num_key_value_heads} "
                "key-value heads evenly; make the first a multiple of the second"
            )
        for section, name, kinds in _LAYER_LISTS:
            values, layers = getattr(getattr(self, section), name), getattr(self, section).num_hidden_layers
            if not isinstance(values, list | tuple) or len(values) != layers:
                given = f"{len(values)} entries" if isinstance(values, list | tuple) else repr(values)
                raise UserError(
                    f"config: {section}_config.{name} has {given} for {layers} layers; give one entry per layer"
                )
            for value in values:
                if value not in kinds if kinds else not _is_number(value) or value < 0:
                    expected = " or ".join(kinds) or "a number, 0 or more"
                    raise UserError(f"config: {section}_config.{name} holds {value!r}; give {expected}")
        for section, part in (("text", t), ("vision", v)):
            for key, default in ((f.name, f.default) for f in fields(part) if isinstance(f.default, float)):
                value, divides = getattr(part, key), key.endswith("_eps") or key in _DIVISORS
                if not _is_number(value) or (divides and value <= 0):
                    raise UserError(
                        f"config: {section}_config.{key} is {value!r}; give a number{' above 0' * divides}, such as {default}"
                    )
                setattr(part, key, float(value))  # transformers reads no whole number in its place
        if t.hidden_size % t.num_attention_heads:
            raise UserError(
                f"config: hidden_size {t.hidden_size} is no multiple of {t.num_attention_heads} attention heads, which "
                "transformers refuses to read; change one of them"
            )
        if "sparse" in t.mlp_layer_types and t.num_experts_per_tok > t.num_local_experts:
            raise UserError(
                f"config: {t.num_experts_per_tok} experts per token of {t.num_local_experts}; num_local_experts must be "
                "as large at least"
            )
        if v.pos_emb_width < v.pos_emb_height:
            raise UserError(
                f"config: vision_config.pos_emb_width {v.pos_emb_width} is less than pos_emb_height {v.pos_emb_height}, "
                "which is the side of the table"
            )
        if t.head_dim % 2 or v.hidden_size % (4 * v.num_attention_heads):
            raise UserError(
                f"config: rotary positions need an even text head_dim (is {t.head_dim}) and a vision head width "
                f"divisible by 4 (is {v.hidden_size}/{v.num_attention_heads})"
            )

    @classmethod
    def from_dict(cls, raw: dict[str, Any], where: str = "config.json") -> SparkConfig:
        """Read the content of a `config.json`. Raises UserError for another model type or impossible values."""
        model_type = raw.get("model_type")
        if model_type not in MODEL_TYPES:
            raise UserError(f"{where}: model_type is {model_type!r}; Favilla reads {' and '.join(MODEL_TYPES)}")
        for section in ("text_config", "vision_config"):
            if not isinstance(raw.get(section) or {}, dict):
                raise UserError(f"{where}: {section} is no JSON object but {raw[section]!r}")
        text, vision = dict(raw.get("text_config") or {}), dict(raw.get("vision_config") or {})
        # `rope_scaling`, its `type`, and a `rope_theta` beside it are names of earlier folders, which transformers reads too.
        rope = text.get("rope_scaling") or text.get("rope_parameters")
        if model_type == "muse_glimmer":
            rope = {"rope_theta": text.get("rope_theta", 10_000.0)} if rope is None else rope
            text["hidden_act"] = text.get("hidden_activation") or "silu"
            for key, value in _GLIMMER_DEFAULTS.items():
                text.setdefault(key, value)
        if isinstance(rope, dict):
            rope = {"rope_type": rope.get("type", "default"), "rope_theta": text.get("rope_theta"), **rope}
        text["rope_parameters"] = rope
        try:
            config = cls(
                text=TextConfig(**known_fields(TextConfig, text, "text_config.")),
                vision=VisionConfig(**known_fields(VisionConfig, vision, "vision_config.")),
                **{k: v for k, v in known_fields(cls, raw, "").items() if k not in ("text", "vision", "extra")},
            )
        except UserError as error:
            raise UserError(f"{where}: {str(error).removeprefix('config: ')}") from None
        except (TypeError, AttributeError) as error:
            raise UserError(f"{where}: not a readable {model_type} config ({error})") from error
        # `None` means "no window" and must survive
        if "sliding_window" in text and text["sliding_window"] is None:
            config.text.sliding_window = None
        config.extra = raw
        return config

    def to_dict(self) -> dict[str, Any]:
        """The content of a `config.json` that `transformers` and `from_dict` both read."""
        text, vision = asdict(self.text), asdict(self.vision)
        if self.model_type == "muse_glimmer":
            text["hidden_activation"] = text.pop("hidden_act")
            for key in _SPARK_ONLY:
                text.pop(key)
        text["model_type"], vision["model_type"] = f"{self.model_type}_text", f"{self.model_type}_vision"
        vision["max_position_embeddings"] = self.vision.pos_emb_height * self.vision.pos_emb_width
        out = {
            **self.extra,
            "model_type": self.model_type,
            "text_config": {**(self.extra.get("text_config") or {}), **text},
            "vision_config": {**(self.extra.get("vision_config") or {}), **vision},
            "image_token_id": self.image_token_id,
            "out_hidden_size": self.vision.hidden_size * self.vision.merge_size**2,
            "projector_hidden_size": self.projector_hidden_size,
            "projector_hidden_act": self.projector_hidden_act,
        }
        if self.tied:
            out["tie_word_embeddings"] = False  # the head that is written may have been trained
        out.setdefault("architectures", [_ARCHITECTURES[self.model_type]])
        if self.model_type == "muse_spark":
            # The reference always builds an audio tower, of full size unless told otherwise.
            out.setdefault("audio_config", {**_SMALLEST_AUDIO, "out_hidden_size": self.text.hidden_size})
        return out


# lists with an entry per layer, and what an entry may be (a number where nothing is named)
_LAYER_LISTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("text", "layer_types", ("full_attention", "sliding_attention")), ("text", "layer_rope_theta", ()),
    ("text", "mlp_layer_types", ("dense", "sparse")), ("vision", "layer_types", ("full_attention", "window_attention")),
)  # fmt: skip
_DIVISORS = ("final_logit_softcapping", "residual_gate_temperature")
_ARCHITECTURES = {
    "muse_spark": "MuseSparkForConditionalGeneration",
    "muse_glimmer": "MuseGlimmerForConditionalGeneration",
}
_SPARK_ONLY = ("residual_gate_temperature", "mlp_layer_types", "num_local_experts", "num_experts_per_tok",
               "moe_hidden_size", "moe_intermediate_size", "routed_scaling_factor")  # fmt: skip
_GLIMMER_DEFAULTS = {
    "hidden_size": 6656, "intermediate_size": 19_968, "num_hidden_layers": 52, "num_attention_heads": 32,
    "num_key_value_heads": 2, "head_dim": 128, "max_position_embeddings": 131_072, "qk_scale_factor": 3.87,
    "output_multiplier": 0.19611613513818404,
}  # fmt: skip
_SMALLEST_AUDIO = {
    "model_type": "muse_spark_audio", "patch_sizes": [16, 6, 5, 4], "hidden_sizes": [8, 8, 8, 8],
    "depths": [1, 1, 1, 1], "num_hidden_layers": 4,
}  # fmt: skip
