"""Problems of the worlds as questions to agents: for measuring and for training."""

from __future__ import annotations

import io

from favilla.chat.messages import ImagePart
from favilla.contemplate.solver import Picture, Question
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
