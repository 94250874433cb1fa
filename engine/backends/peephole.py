"""Steps joined: a product and the one thing that is done with it, at once. Each is rounded as when they were apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from engine.backends.steps import Label, Step

# What can be done with a product that comes second.
_OF_PRODUCTS: Final = frozenset({"add", "subtract", "if_at_most"})


def joined(steps: Sequence[Step]) -> list[Step]:
    """The same program in fewer steps."""
    reads = Counter[object](register for step in steps for register in (step.a, step.b))
    labels = {id(step.to): step.to for step in steps if isinstance(step.to, Label)}.values()
    entered = {label.at for label in labels}
    made: list[Step] = []
    moved: dict[int | None, int] = {}
    for place, step in enumerate(steps):
        moved[place] = len(made)
        product = made[-1] if made and made[-1].what == "multiply" and place not in entered else None
        both = _both(product, step, reads) if product is not None else None
        if both is None:
            made.append(step)
        else:
            made[-1] = both
    for label in labels:
        label.at = moved[label.at]
    return made


def _both(product: Step, after: Step, reads: Mapping[object, int]) -> Step | None:
    """A product and the step after it as one; None where there is no such step, or others read the product too."""
    if reads[product.to] > 1:
        return None
    if after.what == "add" and after.a == product.to:
        return product._replace(what="add_product", to=after.to, c=after.b)
    if after.what in _OF_PRODUCTS and after.b == product.to:
        return product._replace(what=f"{after.what}_product", to=after.to, c=after.a)
    return None
