"""What is asked over HTTP: bodies as facts, bounded in size and depth before anything reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.engine import SCOPES
from engine.facts import parse_json

MAX_ONE: Final = 256_000
MAX_BATCH: Final = 16_000_000
MAX_ITEMS: Final = 10_000
MAX_ANSWER: Final = 64_000_000
MAX_DEPTH: Final = 8
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if chr(byte) not in "{}[]")
_KEYS: Final = frozenset({"shared", "subjects", "items", "scope", "facts"})
JSON_TYPE: Final = "application/json"


class Refused(Exception):
    """A request that gets no decision: its HTTP status, a code that programs read, and what to do about it."""

    def __init__(self, status: int, code: str, text: str, help_text: str | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.help = status, code, text, help_text


@dataclass(frozen=True, slots=True)
class Batch:
    """Facts of many orders: what all share, what those about one subject share, and what each brings itself."""

    shared: Mapping[str, Any]
    subjects: Mapping[str, Any]
    items: list[Any]
    scope: str
    with_facts: bool


def text_of(body: bytes, bound: int) -> str:
    """The text of a body.

    Raises:
        Refused: it is too large, too deep, or no UTF-8.
    """
    if len(body) > bound:
        raise Refused(413, "too_large", f"the body is longer than {bound} bytes")
    if is_deep(body, MAX_DEPTH):
        raise Refused(400, "input_invalid", f"the body is no JSON, or nested deeper than {MAX_DEPTH}")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refused(400, "input_invalid", "the body is not UTF-8") from None


def is_deep(body: bytes, depth: int) -> bool:
    """Whether brackets are nested deeper than that, or don't match; those inside texts count as well."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(depth):
        if not brackets:
            return False
        # From the inside out: each turn takes the innermost pairs away, those of lists and those of objects.
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def scope_of(given: Any) -> str:
    """What is asked about: an order or the account.

    Raises:
        Refused: neither.
    """
    if given not in SCOPES:
        raise Refused(400, "input_invalid", "that is no scope", f"there are {', '.join(SCOPES)}")
    return str(given)


def batch_of(text: str) -> Batch:
    """A batch in a text.

    Raises:
        Refused: it is none; what is wrong with the facts of one order is a veto of that order.
    """
    try:
        body = parse_json(text)
    except ValueError as error:
        raise Refused(400, "input_invalid", f"the body is no JSON: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise Refused(400, "input_invalid", "a batch is an object with a list of `items`", 'write {"items": [{…}, …]}')
    if unknown := sorted(body.keys() - _KEYS):
        raise Refused(400, "input_invalid", f"a batch has no `{unknown[0][:60]}`", f"it has {', '.join(sorted(_KEYS))}")
    if len(body["items"]) > MAX_ITEMS:
        raise Refused(413, "too_large", f"a batch has at most {MAX_ITEMS} items")
    shared, subjects = body.get("shared") or {}, body.get("subjects") or {}
    if not isinstance(shared, dict) or not isinstance(subjects, dict):
        raise Refused(400, "input_invalid", "`shared` and `subjects` hold facts by name")
    with_facts = body.get("facts", False)
    if not isinstance(with_facts, bool):
        raise Refused(400, "input_invalid", "`facts` is true or false")
    return Batch(shared, subjects, body["items"], scope_of(body.get("scope", "order")), with_facts)
