"""The exceptions that are not bugs, and what checks of given values ask."""


class UserError(Exception):
    """Bad input. The message is one line: what is wrong, where, and how to mend it.

    The command line prints it and exits with code 2; library callers catch it like any exception.
    """


class Interrupted(KeyboardInterrupt):
    """The user stopped something that can be resumed. The message is one line: how far it came and how it goes on.

    The command line prints it and exits with code 130.
    """


def is_number(value: object) -> bool:
    """Whether something given is a number, which True and False are not here."""
    return isinstance(value, int | float) and not isinstance(value, bool)
