from __future__ import annotations

import pytest

from favilla.chat.tokenizer import Tokenizer, train_tokenizer

LINES = [
    "What is 12+34?",
    "Where is the Save button?",
    "There are 3 red circles.",
    "assistant to=user to=self system",
] * 20


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(LINES, 600)
