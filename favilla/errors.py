"""The exceptions that are not bugs."""


class UserError(Exception):
    """Bad input. The message is one line: what is wrong, where, and how to mend it.

    The command line prints it and exits with code 2; library callers catch it like any exception.
    """


class Interrupted(KeyboardInterrupt):
    """The user stopped something that can be resumed. The message is one line: how far it came and how it goes on.

    The command line prints it and exits with code 130.
    """
