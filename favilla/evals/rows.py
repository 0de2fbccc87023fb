"""Rows of a measurement that may be stopped and gone on with: a JSONL file whose first line says what they are rows of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from favilla.atomic import write_atomically
from favilla.errors import UserError


class Rows:
    """rows: those that `path` holds already, then those that are added; each is on disk before the next begins. Without a
    path they are only kept in memory.

    Raises UserError for a file whose rows were measured with other settings, or that is none of this kind.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any]):
        self.path = path
        self.rows: list[dict[str, Any]] = []
        if path is None:
            return
        settings = json.loads(json.dumps(settings))
        # a line without its end was being written when the run was killed
        whole = path.read_text(encoding="utf-8").rpartition("\n")[0] if path.exists() else ""
        if not whole:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings) + "\n", encoding="utf-8")
            return
        try:
            head, *self.rows = [json.loads(line) for line in whole.split("\n")]
        except ValueError as error:
            raise UserError(f"{path}: holds no rows ({error}); choose another --out") from None
        if head != settings:
            raise UserError(f"{path}: holds results of other settings; choose another --out")
        write_atomically(path, whole + "\n")

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
