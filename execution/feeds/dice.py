"""Chance that is the same on every machine: whole numbers out of a seed and a name, no floats.

`random.Random` seeded with an integer is the Mersenne Twister, and only its raw bits are used (`getrandbits`); what
Python's own distributions make of them may change between versions, and floats of a libm between machines.
"""

from hashlib import sha256
from random import Random
from struct import Struct
from typing import Final

ONE: Final = 1 << 16

_TWELVE: Final = Struct("<12H")
_MEAN: Final = 6 * (ONE - 1)


class Dice:
    """One stream of chance; streams of different names don't touch each other."""

    def __init__(self, seed: int, name: str) -> None:
        digest = sha256(f"{seed}/{name}".encode()).digest()
        self._bits = Random(int.from_bytes(digest, "big")).getrandbits

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, and without, `bound`; all alike likely, up to one in 2^32."""
        return (self._bits(64) % bound) if bound < ONE * ONE else (self._bits(128) % bound)

    def between(self, lowest: int, highest: int) -> int:
        """A whole number from `lowest` to `highest`, both possible."""
        return lowest + self.below(highest - lowest + 1)

    def normal(self) -> int:
        """A normal deviate of mean 0 and deviation `ONE`, within six of them: the sum of twelve uniform ones (Irwin,
        Hall: The distribution of means of samples from a uniform population, Biometrika 19, 1927).
        """
        uniform: tuple[int, ...] = _TWELVE.unpack(self._bits(192).to_bytes(24, "little"))
        return sum(uniform) - _MEAN
