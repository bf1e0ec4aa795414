"""What a trace is refused with: one line that says what, where and what to do."""


class TraceError(ValueError):
    """A trace that cannot be read, measured or matched."""
