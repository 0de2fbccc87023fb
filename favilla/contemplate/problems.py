"""Problems of the worlds as questions to agents: for measuring and for training."""

from __future__ import annotations

import io
from collections.abc import Sequence

from favilla.chat.messages import ImagePart
from favilla.contemplate import prompts
from favilla.contemplate.answers import before_answer, final
from favilla.contemplate.places import AnyAnswers
from favilla.contemplate.solver import Call, Picture, Question
from favilla.errors import UserError
from favilla.worlds.base import Problem


def question_of(problem: Problem) -> Question:
    """A problem's prompt; pictures, without loss, before the words. Raises UserError for one that goes on with a
    conversation: agents have none."""
    if problem.history:
        raise UserError(
            f"family {problem.family!r}: goes on with a conversation, which agents do not have; leave it out"
        )
    pictures = []
    for part in problem.prompt:
        if isinstance(part, ImagePart):
            file = io.BytesIO()
            part.image.save(file, "PNG", compress_level=1)
            pictures.append(Picture(file.getvalue(), "image/png"))
    return Question("".join(part for part in problem.prompt if isinstance(part, str)), tuple(pictures))


def attempt_call(question: Question, seed: int, most: int) -> Call:
    """A first attempt of at most `most` tokens."""
    text = prompts.attempt(question, AnyAnswers.form)
    return Call("attempt", 0, seed, prompts.SYSTEM, text, question.pictures, seed, most, None, question.text)


def role_call(question: Question, kind: str, messages: Sequence[str], most: int, own: bool = False) -> Call:
    """A greedy "refine" or "synthesis" of attempts, which are given as peers are shown them. own: the first is the agent's
    own."""
    if kind == "refine":
        mine, peers = (messages[0], messages[1:]) if own else (None, messages)
        text = prompts.refine(question, AnyAnswers.form, mine, peers)
    else:
        text = prompts.synthesis(question, AnyAnswers.form, messages)
    return Call(
        kind, 1, 0, prompts.SYSTEM, text, question.pictures, 0, most, 0.0, question.text, tuple(messages), own
    )  # fmt: skip


def with_sentence(message: str, sentence: str, line: int | None = None) -> str:
    """A message with a sentence as line number `line` of its working, by default as the last."""
    lines = before_answer(message).rstrip().split("\n")
    lines.insert(len(lines) if line is None else line, sentence)
    return "\n".join([*lines, f"ANSWER: {final(message)}"])
