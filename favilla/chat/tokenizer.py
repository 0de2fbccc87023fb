"""Byte-level BPE tokenizer with Muse Spark's special tokens.

Digits are split one by one, any bytes round-trip, and text never turns into control tokens unless asked to
(`encode_wire`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers

from favilla.errors import UserError

START, MESSAGE, EOM, EOT = "<|start|>", "<|message|>", "<|eom|>", "<|eot|>"
BEGIN, PAD = "<|begin_of_text|>", "<|finetune_right_pad|>"
IMAGE_START, PATCH, IMAGE_END = "<|image_start|>", "<|patch|>", "<|image_end|>"
MEDIA = (
    IMAGE_START, PATCH, IMAGE_END, "<|video|>", "<|vid_start|>", "<|vid_end|>", "<|vid_frame_separator|>",
    "<|audio|>", "<|soft_audio_start|>", "<|soft_audio_end|>",
)  # fmt: skip
SPECIAL_TOKENS = (BEGIN, "<|end_of_text|>", PAD, START, MESSAGE, EOM, EOT, *MEDIA)
# Words, not control tokens: anybody may write a place in a picture.
LOCATIONS = tuple(f"<|loc_{i:02d}|>" for i in range(100))
TEMPLATE = Path(__file__).with_name("chat_template.jinja")

# Words with a leading space, single digits, runs of other signs, white space (in the manner of GPT-4's pattern).
PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


class Tokenizer:
    """Text to ids and back."""

    def __init__(self, inner: tokenizers.Tokenizer):
        inner.no_padding()
        inner.no_truncation()
        # Some files call them words like any other, and then anybody could write them.
        known = [t for t in SPECIAL_TOKENS if inner.token_to_id(t) is not None]
        inner.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in known])
        # Two of them, because which one recognises special tokens must not depend on what another thread does.
        self.inner, self.plain = inner, tokenizers.Tokenizer.from_str(inner.to_str())
        self.inner.encode_special_tokens = False
        self.plain.encode_special_tokens = True
        self.vocab_size = inner.get_vocab_size()
        self.special_ids = {name: i for name in SPECIAL_TOKENS if (i := inner.token_to_id(name)) is not None}
        self.pad_id = self.special_ids.get(PAD, 0)

    def id(self, token: str) -> int:
        """Id of a token. Raises KeyError for one that the vocabulary lacks."""
        index = self.inner.token_to_id(token)
        if index is None:
            raise KeyError(token)
        return index

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; what looks like a special token is spelled out, never recognised."""
        return self.plain.encode(text, add_special_tokens=False).ids

    def encode_wire(self, text: str) -> list[int]:
        """Ids of rendered text; special tokens are recognised."""
        return self.inner.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int], skip_special: bool = False) -> str:
        return self.inner.decode(list(ids), skip_special_tokens=skip_special)

    @classmethod
    def load(cls, folder: str | Path) -> Tokenizer:
        """Read `tokenizer.json`. Raises UserError when it is missing or broken."""
        path = Path(folder) / "tokenizer.json"
        if not path.is_file():
            raise UserError(f"{path}: no such file; a model folder needs its tokenizer")
        try:
            return cls(tokenizers.Tokenizer.from_file(str(path)))
        except Exception as error:  # the library raises a bare Exception
            raise UserError(f"{path}: not a readable tokenizer ({error})") from None

    def save(self, folder: str | Path) -> None:
        """Write tokenizer.json, tokenizer_config.json and chat_template.jinja as `transformers` reads them."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.inner.save(str(folder / "tokenizer.json"))
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": EOT, "pad_token": PAD,
            "clean_up_tokenization_spaces": False, "add_prefix_space": False, "model_max_length": 2048,
            "image_token": PATCH, "image_start_token": IMAGE_START, "image_end_token": IMAGE_END,
            "video_token": "<|video|>", "audio_token": "<|audio|>",
            "extra_special_tokens": {
                "image_token": PATCH, "image_start_token": IMAGE_START, "image_end_token": IMAGE_END,
                "video_token": "<|video|>", "audio_token": "<|audio|>",
            },
        }  # fmt: skip
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
        (folder / "chat_template.jinja").write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Train byte-level BPE on texts; `vocab_size` counts bytes, special tokens and locations too."""
    inner = tokenizers.Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(LOCATIONS), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIAL_TOKENS],
    )  # fmt: skip
    inner.train_from_iterator(texts, trainer)
    inner.add_tokens([AddedToken(t, special=False, normalized=False) for t in LOCATIONS])
    return Tokenizer(inner)
