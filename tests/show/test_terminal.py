"""Streaming to a terminal, to a pipe, and with NO_COLOR."""

from __future__ import annotations

import io

import pytest

from favilla.show.terminal import StreamPrinter, harmless


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


PIECES = [("thinking", "3 and "), ("thinking", "4"), ("answer", ""), ("answer", "se"), ("answer", "ven")]


def printed(file: io.StringIO, pieces=PIECES) -> str:
    printer = StreamPrinter(file)
    for kind, text in pieces:
        printer.piece(kind, text)
    printer.end()
    return file.getvalue()


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_pipe_gets_plain_text_with_the_answer_on_the_last_line():
    assert printed(io.StringIO()) == "3 and 4\n\nseven\n"


def test_a_terminal_gets_dim_thinking_and_a_bold_answer():
    assert printed(Terminal()) == ("\x1b[2m3 and \x1b[0m\x1b[2m4\x1b[0m\n\n\x1b[1mse\x1b[0m\x1b[1mven\x1b[0m\n")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_styles_gets_plain_text(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert printed(Terminal()) == "3 and 4\n\nseven\n"


def test_answers_alone_and_nothing_at_all():
    assert printed(io.StringIO(), [("answer", "7")]) == "7\n"
    assert printed(io.StringIO(), [("thinking", "so\n"), ("answer", "7\n")]) == "so\n\n7\n"
    assert printed(io.StringIO(), []) == ""


def test_a_model_cannot_steer_the_terminal():
    assert harmless("a\x1b[2Jb\rc\x9bd\x7f\te\n") == "a\ufffd[2Jb\ufffdc\ufffdd\ufffd\te\n"
    assert "\x1b" not in printed(io.StringIO(), [("answer", "\x1b]0;title\x07")])
