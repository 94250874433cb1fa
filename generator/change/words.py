"""What a change is called: a closed list of words, the worst of which names the whole."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Class(StrEnum):
    """What a change does to what the rules let through.

    Tighter means: vetoes more of the orders that add, and no order that reduces is newly vetoed. What the differ has
    no direction for is LOOSEN.
    """

    LOOSEN = "LOOSEN"
    NOT_PROVED = "NOT-PROVED"
    MIXED = "MIXED"
    LATENT_LOOSEN = "LATENT-LOOSEN"
    CONTRACT = "CONTRACT"
    TIGHTEN = "TIGHTEN"
    EQUIVALENT = "EQUIVALENT"
    COSMETIC = "COSMETIC"


# The worst first: the worst of a change's parts names the change, and decides who must approve it.
ORDER: Final = tuple(Class)
LOOSENING: Final = frozenset({Class.LOOSEN, Class.NOT_PROVED, Class.LATENT_LOOSEN, Class.MIXED})


def worst(classes: Iterable[Class]) -> Class:
    """The class of a whole; of nothing it is COSMETIC."""
    return min(classes, key=ORDER.index, default=Class.COSMETIC)
