"""Words that YAML readers take for something else than the text that is written, and not all of them for the same."""

import re
from typing import Final

# What one version of YAML reads as a truth value, nothing, another base, base 60 or a float, and another one does not.
_TREACHEROUS: Final = re.compile(
    r"yes|no|on|off|y|n|~|True|TRUE|False|FALSE|Null|NULL"
    r"|[-+]?0[0-9_]+|[-+]?0[xob][0-9a-f_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)e[-+]?[0-9]+|[-+]?[0-9]+\.|[-+]?\.[0-9]+|\+[0-9.]+|[-+]?\.(inf|nan)|=|<<",
    re.IGNORECASE,
)
# A key of the language itself, which editors read by YAML 1.2, where it is a text.
OWN_WORDS: Final = frozenset({"on"})
_LONGEST: Final = 60
_PLAIN_WORDS: Final = frozenset({"true", "false", "null"})


def is_treacherous(text: str) -> bool:
    """Whether a text means another thing to another reader where no quotes stand around it."""
    return len(text) <= _LONGEST and text not in _PLAIN_WORDS and _TREACHEROUS.fullmatch(text) is not None
