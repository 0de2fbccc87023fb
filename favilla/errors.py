"""The one exception that means: what the user gave is wrong."""


class UserError(Exception):
    """Bad input. The message is one line: what is wrong, where, and how to mend it.

    The command line prints it and exits with code 2; library callers catch it like any exception.
    """
