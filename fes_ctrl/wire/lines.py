"""Lines of ASCII that end in a line feed, and their check: what sensors and the probe share.

A check is ``*`` and two hexadecimal digits, the exclusive or of every byte before the ``*``. It
finds every single bit that is flipped; two that are flipped at the same place of their bytes it
does not.
"""

from functools import reduce
from operator import xor
from typing import Final

LONGEST_LINE: Final = 512
"""Bytes without the line feed."""

STAR: Final = b"*"
DIGITS: Final = frozenset(b"0123456789ABCDEFabcdef")


class CheckError(ValueError):
    """A line whose check is wrong, or is not there."""


def seal(body: bytes) -> bytes:
    """Return a line with its check and its line feed."""
    return body + b"*%02X\n" % reduce(xor, body, 0)


def unseal(text: bytes) -> bytes:
    """Return what a line says without its check, which has to be there and right.

    Parameters
    ----------
    text : bytes
        Without the line feed.

    Raises
    ------
    CheckError
        If it is not.
    """
    body, star, said = text.rpartition(STAR)
    if not star or len(said) != 2 or not DIGITS.issuperset(said):
        raise CheckError(text)
    if int(said, 16) != reduce(xor, body, 0):
        raise CheckError(text)
    return body


class Splitter:
    """Feed bytes, get lines.

    Attributes
    ----------
    overlong : int
        Lines that were left out for their length.
    """

    __slots__ = ("_begun", "_rest", "_skip", "overlong")

    def __init__(self) -> None:
        self._rest = b""
        self._skip = False
        self._begun = False
        self.overlong = 0

    def feed(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Return the lines that are complete with these bytes, without their line feeds.

        Parameters
        ----------
        data : bytes
            The next piece, of any length.

        Returns
        -------
        list of (bytes, bool)
            Each line, and whether it is known to be whole: whoever opens a port hears the end of a
            line first.
        """
        lines: list[tuple[bytes, bool]] = []
        *ended, self._rest = (self._rest + data).split(b"\n")
        for line in ended:
            if self._skip:
                self._skip = False
            elif len(line) > LONGEST_LINE:
                self.overlong += self._begun
            else:
                lines.append((line, self._begun))
            self._begun = True
        if len(self._rest) > LONGEST_LINE:
            self.overlong += self._begun and not self._skip
            self._skip = True
            self._rest = b""
        return lines
