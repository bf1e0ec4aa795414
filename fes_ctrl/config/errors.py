"""What is wrong with a configuration: one line with what, where, and what to do."""


class ConfigError(ValueError):
    """A configuration that is refused."""
