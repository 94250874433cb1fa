"""What stops a row, as bits: one for each gate, one of nobody, one where nothing is certain.

They stand in as many numbers as they need, the lowest in the first; of many rows, an array of numbers for each.
"""

from collections.abc import Sequence
from typing import Any, Final

Array = Any
# So many bits of a number, which is then never negative, and neither is a sum of them.
BITS: Final = 62


class Masks:
    """The bits of a rule set: gates by their places, then `nobody`, then `unsure`.

    `numbers` says how many hold them, `dtype` of which type.

    Args:
        gates: how many there are.
    """

    def __init__(self, gates: int) -> None:
        self.nobody, self.unsure = 1 << gates, 2 << gates
        bits = gates + 2
        self.numbers = -(-bits // BITS)
        self.dtype = "uint16" if bits <= 16 else "uint32" if bits <= 32 else "int64"

    def parts(self, bits: int) -> list[int]:
        """Bits as the numbers that hold them."""
        return [bits >> BITS * number & (1 << BITS) - 1 for number in range(self.numbers)]

    def whole(self, parts: Sequence[int]) -> int:
        """The bits that numbers hold."""
        return sum(part << BITS * number for number, part in enumerate(parts))

    def of_rows(self, said: Array) -> list[int]:
        """The bits of each row."""
        return [self.whole(parts) for parts in said.T.tolist()]

    def having(self, said: Array, bits: int) -> Array:
        """Which rows have any of these bits."""
        import numpy

        found = numpy.zeros(said.shape[1], numpy.bool_)
        for numbers, part in zip(said, self.parts(bits), strict=True):
            if part:
                found |= (numbers & part) != 0
        return found

    def kinds(self, said: Array) -> tuple[list[int], Array]:
        """The bits that rows have, each once, and of each row which of these it has."""
        import numpy

        if self.numbers == 1:
            found, places = numpy.unique(said[0], return_inverse=True)
            return found.tolist(), places
        found, places = numpy.unique(said, axis=1, return_inverse=True)
        return self.of_rows(found), places.reshape(-1)
