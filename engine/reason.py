"""The decision record: one decision with all its reasons, as a value and as JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Any, Final, NamedTuple

ID: Final = "sha256:"
RECORD_KEYS: Final = frozenset("decision id subject ruleset universe vetoes shadow waived facts".split())


class Reason(NamedTuple):
    """Why a gate stopped an intent. Numbers are canonical texts in the unit; `gates` names all that need a missing
    `fact`; `waiver`, `by` and `until` say by whose leave a gate that would have stopped an intent did not.
    """

    gate: str | None
    reason: str
    observed: str | None = None
    limit: str | None = None
    unit: str | None = None
    headroom: str | None = None
    source: str = ""
    text: str = ""
    fact: str | None = None
    gates: tuple[str, ...] = ()
    waiver: str | None = None
    by: str | None = None
    until: str | None = None

    def record(self) -> dict[str, Any]:
        """As JSON data."""
        entry: dict[str, Any] = {
            "gate": self.gate,
            "reason": str(self.reason),
            "observed": self.observed,
            "limit": self.limit,
            "unit": self.unit,
            "headroom": self.headroom,
            "source": self.source,
            "text": self.text,
        }
        if self.fact is not None:
            entry |= {"fact": self.fact, "gates": list(self.gates)}
        if self.waiver is not None:
            entry |= {"waiver": self.waiver, "by": self.by, "until": self.until}
        return entry


class Told(NamedTuple):
    """A decision as it is told: to whoever asked, who may not need all of its record, and to a log.

    The record is `before`, then `rules`, which names these, then `after`, then `facts`, all that was decided on. These
    are, nested and as canonical JSON, what was `shared` with other decisions, each laid over those before, and over
    these its `own`.
    """

    allowed: bool
    reasons: tuple[str, ...]
    before: str
    rules: str
    after: str
    facts: str
    shared: tuple[str, ...]
    own: str

    def whole(self) -> str:
        """The record: one line of canonical JSON."""
        return f'{self.before}{self.rules}{self.after},"facts":{self.facts}}}'

    def without_facts(self) -> str:
        """The same for whoever gave the facts, and needs them not again."""
        return f"{self.before}{self.rules}{self.after}}}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allow or veto, with every reason in file order.

    `largest` is the largest value of the adjustable fact, no larger than asked, that the whole decision allows
    (None: none does), under the name `largest_name`; `left_out` names the gates that this leaves out, since
    their facts vary with it.
    """

    allowed: bool
    id: str
    subject: str | None
    ruleset: str
    universe: str
    vetoes: tuple[Reason, ...] = ()
    shadow: tuple[Reason, ...] = ()
    waived: tuple[Reason, ...] = ()
    largest_name: str | None = None
    largest: str | None = None
    left_out: tuple[str, ...] = ()
    facts_json: str = "{}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The veto reasons, in file order."""
        return tuple(str(v.reason) for v in self.vetoes)

    def to_json(self) -> str:
        """One line of canonical JSON; `from_json` gives the decision back."""
        return self.told().whole()

    def told(self, shared: tuple[str, ...] = (), own: str | None = None) -> Told:
        """The decision in parts; on facts that were shared, and its own, if these say the same as all of them."""
        largest = "" if self.largest_name is None else f',"{self.largest_name}":{_text(self.largest)}'
        if self.left_out:
            largest += f',"{self.largest_name}_without":{_dump(list(self.left_out))}'
        return Told(
            self.allowed,
            self.reasons,
            f'{{"decision":"{"allow" if self.allowed else "veto"}","id":"{self.id}"{subject_part(self.subject)}',
            rules_part(self.ruleset, self.universe),
            f',"vetoes":{_reasons(self.vetoes)},"shadow":{_reasons(self.shadow)},"waived":{_reasons(self.waived)}{largest}',
            self.facts_json,
            shared,
            self.facts_json if own is None else own,
        )

    @classmethod
    def from_json(cls, text: str) -> "Decision":
        """A decision from its record.

        Raises:
            ValueError: the text is no decision record.
        """
        try:
            entry = json.loads(text)
            left_out = next(((k, v) for k, v in entry.items() if k.endswith("_without")), None)
            name = next((k for k in entry if k not in RECORD_KEYS and not k.endswith("_without")), None)
            return cls(
                allowed={"allow": True, "veto": False}[entry["decision"]],
                id=entry["id"],
                subject=entry["subject"],
                ruleset=entry["ruleset"],
                universe=entry["universe"],
                vetoes=tuple(_reason(r) for r in entry["vetoes"]),
                shadow=tuple(_reason(r) for r in entry["shadow"]),
                waived=tuple(_reason(r) for r in entry["waived"]),
                largest_name=name,
                largest=entry[name] if name else None,
                left_out=tuple(left_out[1]) if left_out else (),
                facts_json=_dump(entry["facts"]),
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"not a decision record: {type(error).__name__} {error}") from None


def subject_part(subject: str | None) -> str:
    """What a record says of whom it is about."""
    return f',"subject":{_text(subject)}'


def rules_part(ruleset: str, universe: str) -> str:
    """What a record says of its rules, by their two hashes."""
    return f',"ruleset":"{ruleset}","universe":"{universe}"'


def decision_id(universe: str, facts_json: str) -> str:
    """The hash that names a decision: of the universe and the facts, so that deciding twice gives the same."""
    digest = hash_begun(universe)
    digest.update(facts_json.encode())
    return f"{ID}{digest.hexdigest()}"


def hash_begun(universe: str) -> "hashlib._Hash":
    """The hash of a decision, as far as its universe goes: its facts are to follow."""
    return hashlib.sha256(f"{universe}\n".encode())


def _reason(entry: Mapping[str, Any]) -> Reason:
    fields = {**entry, "gates": tuple(entry.get("gates", ()))}
    return Reason(**fields)


def _reasons(reasons: tuple[Reason, ...]) -> str:
    return _dump([r.record() for r in reasons]) if reasons else "[]"


def _text(value: str | None) -> str:
    return "null" if value is None else encode_basestring_ascii(value)


def _dump(value: Any) -> str:
    return _ENCODER.encode(value)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
