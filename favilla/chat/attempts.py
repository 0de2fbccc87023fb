"""How earlier attempts at a question are written into a prompt for a small model: short, and as data.

    How many apples are left?

    Attempts:
    1:
    | 17-5=12
    | Answer: 12
    2:
    | 17-5=13
    | Answer: 13
    One answer.

Every line of an attempt begins with "| ", so whatever an attempt says, nothing in it can look as if it stood outside. The
question comes first and is the same in all of them: it is computed once. Training and use write the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Role = Literal["refine", "aggregate", "select"]

# a better solution of one's own; one answer out of all attempts; the number of the right attempt
TASKS: dict[Role, str] = {"refine": "A better solution.", "aggregate": "One answer.", "select": "Which one?"}
QUOTE = "| "
_LINES = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def attempt_text(thinking: str, answer: str) -> str:
    """One attempt: its working, then its answer."""
    return "\n".join(part for part in (thinking.strip(), f"Answer: {answer.strip()}") if part)


def role_prompt(question: str, role: Role, attempts: Sequence[str], own: bool = False) -> str:
    """The text of a user turn in a role. attempts: texts as `attempt_text` writes them; own: the first is the model's own."""
    mine, others = (attempts[:1], attempts[1:]) if own else ((), attempts)
    parts = [question, ""]
    if mine:
        parts += ["Your attempt:", quoted(mine[0])]
    if others:
        parts.append("Attempts:")
        parts += [line for number, text in enumerate(others, 1) for line in (f"{number}:", quoted(text))]
    return "\n".join([*parts, TASKS[role]])


def quoted(text: str) -> str:
    """Every line of `text` after a "| "."""
    return "\n".join(QUOTE + line for line in _LINES.split(text))
