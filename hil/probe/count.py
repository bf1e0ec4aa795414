"""How many pulses a probe has counted, and how many of them were told of."""


class PulseCount:
    """The probe's count against the lines that have come.

    Attributes
    ----------
    begun : bool
        Whether anything was heard of it.
    seen : int
        The probe's own count, as last heard.
    """

    __slots__ = ("_base", "_missed_before", "_told", "_told_before", "begun", "seen")

    def __init__(self) -> None:
        self.begun = False
        self.seen = 0
        self._base = 0
        self._told = 0
        self._told_before = 0
        self._missed_before = 0

    @property
    def missing(self) -> int:
        """Counted, and not told of."""
        return self._missed_before + self.seen - self._base - self._told

    @property
    def all(self) -> int:
        """Counted since it was listened to."""
        return self._told_before + self._told + self.missing

    def hear(self, seen: int, before: int) -> bool:
        """Take the probe's count, and what it was before what is told with it.

        Returns
        -------
        bool
            Whether pulses came in between that nothing was told of.
        """
        if not self.begun:
            self.begun = True
            self._base = self.seen = before
        untold = before > self.seen
        self.seen = seen
        return untold

    def tell(self) -> None:
        """Take it that somebody is told of one."""
        self._told += 1

    def restart(self) -> None:
        """Take it that the probe counts from nothing; what is missing stays so."""
        self._missed_before = self.missing
        self._told_before += self._told
        self._base = self.seen = self._told = 0

    def forget(self) -> None:
        """Count from here on."""
        self._base = self.seen
        self._told = self._missed_before = 0
