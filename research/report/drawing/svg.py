"""SVG elements, written so that whatever text they hold is text."""

import re
from typing import Final

from markupsafe import Markup, escape

Value = str | int | float

# Code points that XML forbids, and marks that would turn the direction of the text around them.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """A text with what can't be shown replaced by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def element(name: str, *children: str, **attributes: Value) -> Markup:
    """One element. Children and values are escaped unless they are markup; `class_` is `class`, `a_b` is `a-b`.

    `viewBox` and the like keep their capitals.
    """
    given = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), clean(written(value)))
        for key, value in attributes.items()
    )
    content = Markup("").join(child if isinstance(child, Markup) else escape(clean(child)) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), given, content)


def written(value: Value) -> str:
    """A coordinate at two places, without trailing zeros; a text as it is."""
    if isinstance(value, float):
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(value)
