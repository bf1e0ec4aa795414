"""What a fixture cannot do: one plain sentence at the test's own line."""


class RefusedError(ValueError):
    """Something was asked of a fixture that it cannot do: what, where, and what to do."""

    def __init__(self, problem: object) -> None:
        super().__init__(" ".join(str(problem).split()))
