"""How a command says that it cannot: one line with what, where and what to do, and exit code 2."""

import click


class Refusal(click.ClickException):
    """A request that cannot be carried out; printed as one line on stderr, exit code 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
