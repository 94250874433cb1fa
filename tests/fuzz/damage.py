"""How an input is damaged: by its bytes, by its words, by its lines, and by its tree where it is JSON.

Damage that knows what it damages comes through the first check more often, and so reaches what stands behind it.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

Damage = Callable[[bytes, Sequence[bytes], random.Random], bytes]

ODD_BYTES: Final = b"\x00\t\n\r \"#&'()*+,-./019:<=>?@[\\]_`abenox{|}~\x80\xc2\xe2\xed\xff"
ODD_VALUES: Final = (
    *(None, True, False, "", " ", "x", [], {}, [None], {"": ""}, "\x00", "\ud800", "\u2028", "\ufeff", "٣", "½"),
    *("0", "-0", "1", "-1", "0.1", "1e3", "1e999999999", "1e-999999999", "9" * 40, f"0.{'3' * 40}", "1_000", "+1"),
    *("NaN", "Infinity", "5%", "2x", "100 USDT", "yes", "null", "~", 0, 1, -1, 0.1, 1e400, 10**30),
)
MOST_BYTES: Final = 16_384
_WORD: Final = re.compile(rb"[\w.]+|\s+|.", re.DOTALL)


def by_bytes(data: bytes, words: Sequence[bytes], dice: random.Random) -> bytes:
    """Bytes are lost, doubled, changed or moved, or a word is put among them."""
    made = bytearray(data)
    at, length = dice.randrange(len(made) + 1), dice.choice([1, 1, 2, 8, 64])
    match dice.randrange(5):
        case 0:
            del made[at : at + length]
        case 1:
            made[at:at] = made[at : at + length]
        case 2:
            made[at : at + 1] = bytes([dice.choice(ODD_BYTES)])
        case 3:
            made[at:at] = dice.choice(words)
        case _:
            other = dice.randrange(len(made) + 1)
            made[at:at] = made[other : other + length]
    return bytes(made)


def by_words(data: bytes, words: Sequence[bytes], dice: random.Random) -> bytes:
    """A word gives way to another of the door's, or to one of the input's own; or it is lost, or doubled."""
    found = _WORD.findall(data)
    return b"".join(_rearranged(found, dice.choice(words), dice))


def by_lines(data: bytes, words: Sequence[bytes], dice: random.Random) -> bytes:
    """A line is lost, doubled, moved, or indented otherwise."""
    found = data.splitlines(keepends=True)
    if found and dice.random() < 0.4:
        at = dice.randrange(len(found))
        indent = b" " * dice.choice([0, 1, 2, 4, 6])
        found[at] = indent + found[at].lstrip(b" ")
        return b"".join(found)
    return b"".join(_rearranged(found, dice.choice(words) + b"\n", dice))


def _rearranged(parts: list[bytes], word: bytes, dice: random.Random) -> list[bytes]:
    if not parts:
        return [word]
    at, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    match dice.randrange(5):
        case 0:
            del parts[at : at + dice.choice([1, 1, 3, 20])]
        case 1:
            parts.insert(at, parts[other])
        case 2:
            parts[at] = parts[other]
        case 3:
            parts[at] = word
        case _:
            parts[at], parts[other] = parts[other], parts[at]
    return parts


def by_tree(data: bytes, words: Sequence[bytes], dice: random.Random) -> bytes:
    """Somewhere in a JSON document, a value is replaced, lost, renamed, nested or copied; what is no JSON is damaged by
    its bytes.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return by_bytes(data, words, dice)
    places = _places(document)
    if not places:
        return json.dumps(dice.choice(ODD_VALUES)).encode()
    inside, key = dice.choice(places)
    match dice.randrange(6):
        case 0:
            del inside[key]
        case 1:
            other, name = dice.choice(places)
            inside[key] = json.loads(json.dumps(other[name]))
        case 2:
            inside[key] = {dice.choice(words).decode(errors="replace"): inside[key]}
        case 3 if isinstance(inside, dict):
            inside[dice.choice(words).decode(errors="replace")] = inside.pop(key)
        case 4:
            inside[key] = dice.choice(words).decode(errors="replace")
        case _:
            inside[key] = dice.choice(ODD_VALUES)
    return json.dumps(document).encode()


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Each value that stands inside another, as what it stands in and its key there."""
    found, pending = [], [document]
    while pending:
        inside = pending.pop()
        if isinstance(inside, dict | list):
            keys = list(inside) if isinstance(inside, dict) else range(len(inside))
            found += [(inside, key) for key in keys]
            pending += [inside[key] for key in keys]
    return found


def damaged(data: bytes, ways: Sequence[Damage], words: Sequence[bytes], dice: random.Random) -> bytes:
    """One to four edits of an input, each in one of the ways; never longer than a door would be fuzzed with."""
    for _ in range(dice.randint(1, 4)):
        data = dice.choice(ways)(data, words, dice)
    return data[:MOST_BYTES]
