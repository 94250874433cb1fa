"""The texts of scenarios: facts as people write them, and what a scenario may expect."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.catalog import Fact, did_you_mean
from engine.explain import Refusal
from engine.faults import Path
from engine.numbers import canonical
from engine.ruleset import RuleSet
from engine.units import Kind, ValueFault, read_value
from generator.compile.problems import Problem
from generator.compile.text import Document

# Where something stands in nested facts.
Keys = tuple[str, ...]


def check_expected(document: Document, path: Path, expect: Any, ruleset: RuleSet, problems: list[Problem]) -> None:
    """Whether an expectation names reasons, tables, rows and outputs that there are."""
    if not isinstance(expect, Mapping):
        return
    head = ruleset.head.subject
    known = {g.reason for g in ruleset.gates} | {str(r) for r in Refusal} | ({head.unknown} if head else set())
    for i, reason in enumerate(expect.get("veto", [])):
        if reason not in known:
            message = f"no gate gives the reason `{reason}`"
            problems.append(
                document.problem("unknown-reason", (*path, "veto", i), message, did_you_mean(reason, known))
            )
    for table, outputs in expect.get("tables", {}).items():
        known_outputs = {"row", *ruleset.tables[table].outputs} if table in ruleset.tables else set()
        rows = [r.id for r in ruleset.tables[table].rows] if table in ruleset.tables else []
        if rows and outputs.get("row", rows[0]) not in rows:
            place = (*path, "tables", table, "row")
            message = f"`{outputs['row']}` is no row of `{table}`"
            problems.append(document.problem("unknown-row", place, message, did_you_mean(outputs["row"], rows)))
        for output in outputs.keys() - known_outputs if known_outputs else ():
            place = (*path, "tables", table, output)
            message = f"`{output}` is no output of `{table}`"
            help_text = did_you_mean(output, known_outputs)
            problems.append(document.problem("unknown-output", place, message, help_text, at_key=True))
        if table not in ruleset.tables:
            help_text = did_you_mean(table, ruleset.tables)
            place = (*path, "tables", table)
            problems.append(document.problem("unknown-table", place, f"`{table}` is no table", help_text, at_key=True))


class FactTexts:
    """Turns facts as people write them (`50000 USDT/BTC`, `3s`) into plain ones, in the catalog's units."""

    def __init__(self, document: Document, ruleset: RuleSet, problems: list[Problem]) -> None:
        self._document = document
        self._ruleset = ruleset
        self._problems = problems
        self._facts: Mapping[str, Fact] = {f.name: f for f in ruleset.supplied}
        # What scenarios share is read once, not once a scenario.
        self._read: dict[tuple[str, str, tuple[str, ...]], Any] = {}
        self._names: dict[str, Mapping[str, str]] = {}

    def plain(
        self, facts: Mapping[str, Any], names: Mapping[str, str], stands: Callable[[Keys], Path], within: Keys = ()
    ) -> dict[str, Any]:
        """Nested facts as plain JSON data; what can't be read is a problem, and nothing.

        Args:
            facts: as they are written.
            names: what their subject calls its own things.
            stands: where something of them is written.
            within: of which group they are.
        """
        made: dict[str, Any] = {}
        for key, value in facts.items():
            place = (*within, key)
            if isinstance(value, dict):
                made[key] = self.plain(value, names, stands, place)
            elif value in ("null", "") or value is None:
                made[key] = None
            else:
                try:
                    made[key] = self.read(self._facts.get(".".join(place)), value, names)
                except ValueFault as fault:
                    self._problems.append(self._document.problem("bad-value", stands(place), str(fault), fault.help))
                    made[key] = None
        return made

    def names(self, facts: Mapping[str, Any]) -> Mapping[str, str]:
        """What the subject that facts are about calls its own things."""
        head = self._ruleset.head.subject
        place: Any = facts
        for part in head.key.split(".") if head else ():
            place = place.get(part) if isinstance(place, Mapping) else None
        key = str(place)
        if key not in self._names:
            self._names[key] = names_of(self._ruleset, key)
        return self._names[key]

    def read(self, fact: Fact | None, text: Any, names: Mapping[str, str]) -> Any:
        """A value as plain JSON data.

        Raises:
            ValueFault: it can't be read as one of its fact.
        """
        if fact is None or fact.unit.kind is Kind.LIST or not isinstance(text, str):
            return text
        key = (fact.name, text, tuple([names.get(n, "") for n in fact.unit.names]))
        if key not in self._read:
            value = read_value(text, fact.unit, names)
            self._read[key] = canonical(value) if isinstance(value, Decimal) else value
        return self._read[key]


def names_of(ruleset: RuleSet, key: str | None) -> dict[str, str]:
    """What a subject calls its own things: the words among its own facts, by their last name."""
    subject = ruleset.subjects.get(key or "")
    return {n.split(".", 1)[1]: v for n, v in subject.facts.items() if isinstance(v, str)} if subject else {}
