"""Reading a compiled document into a checked rule set.

The document is plain data (mappings, lists, texts, truth values). Every fault carries the path of the value at
fault, so that the compiler can point at the line that it came from; a reader of a finished universe reports the
path itself.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from engine.breakers import BreakersReader, gates_of
from engine.breakers import facts_of as breakers_facts
from engine.catalog import Cap, Catalog, CatalogFault, Fact, Value, did_you_mean, read_cap, read_fact
from engine.faults import Fault, Path, Refused
from engine.lately import faults_of, unset_spans
from engine.reach import Extents, caps_inside, caps_read, reach, reaches
from engine.reason import RECORD_KEYS
from engine.rules import MAX_DEPTH, RulesReader
from engine.ruleset import ActorHead, Gate, Head, Layer, RuleSet, SolveHead, Subject, SubjectHead, gate_nodes, row_nodes
from engine.syntax import is_name
from engine.tree import Node, Sign
from engine.units import Kind, Unit, read_unit
from engine.values import typed_value
from engine.waivers import WaiversReader
from engine.windows import WindowsReader
from engine.windows import facts_of as windows_facts

MAX_SIZE: Final = 20_000

_KEYS: Final = {
    "facts": frozenset("unit values of from meaning sign min max at indicates varies_with".split()),
    "caps": frozenset("unit values of tighter per meaning sign min max".split()),
    "measures": frozenset("unit is source".split()),
    "tables": frozenset("why outputs rows".split()),
}
_MADE: Final = ("measures", "tables", "gates", "windows", "breakers")
_ROW_KEYS: Final = frozenset("id when then source".split())
_NAMES: Final = "names are lower case: letters, digits, _"
_UNSET: Final = "set it in the caps; `none` means no bound and must be written"
_WORD: Final = re.compile(r"[\w:.-]*", re.ASCII)


def read(document: Mapping[str, Any]) -> RuleSet:
    """The rule set of a compiled document.

    Raises:
        Refused: with every fault found, sorted by place; warnings alone don't refuse.
    """
    ruleset, faults = examine(document)
    if ruleset is None:
        raise Refused(faults)
    if unset := _unset_caps(ruleset):
        raise Refused(unset)
    return ruleset


def examine(document: Mapping[str, Any]) -> tuple[RuleSet | None, tuple[Fault, ...]]:
    """The rule set, or None, and every fault and warning."""
    reader = _Reader(document)
    try:
        ruleset = reader.read()
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as error:
        message = f"the document has not the shape of a compiled universe: {type(error).__name__} {error}"
        reader.add((), "bad-document", message)
        ruleset = None
    faults = tuple(sorted(reader.faults, key=lambda f: (f.warning, [_order(p) for p in f.path], f.offset or 0)))
    return (None if reader.failed else ruleset), faults


def _order(part: str | int) -> tuple[int, str]:
    """Sorts the tenth gate after the second."""
    return (part, "") if isinstance(part, int) else (-1, part)


def _unset_caps(ruleset: RuleSet) -> tuple[Fault, ...]:
    """The rules that read a cap without a value; a compile finds them itself, once the sources are right."""
    of_gates = (
        Fault("unset-cap", ("gates", gate.index), f"`caps.{name}` is read here, and nobody sets it", _UNSET)
        for gate in ruleset.gates
        for name in sorted(caps_read(ruleset, *gate_nodes(gate)))
        if _unset(name, gate, ruleset)
    )
    return (*of_gates, *unset_spans(ruleset))


def _unset(name: str, gate: Gate, ruleset: RuleSet) -> bool:
    """Whether some subject and actor have no value of a cap that a gate reads, not even none."""
    if name in ruleset.account.caps:
        return False
    subjects = ruleset.subjects and all(name in s.layer.caps for s in ruleset.subjects.values())
    actors = ruleset.actors and all(name in layer.caps for layer in ruleset.actors.values())
    return not actors and (not subjects or gate.scope == "account")


class _Reader:
    """Collects faults while each part of the document is checked in turn."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.faults: list[Fault] = []

    @property
    def failed(self) -> bool:
        """Whether anything but warnings was found so far."""
        return any(not f.warning for f in self.faults)

    def add(self, path: Path, code: str, message: str, help_text: str | None = None, **place: Any) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, path, message, help_text, **place))

    def read(self) -> RuleSet | None:
        """The rule set, or None where a fault keeps it from being put together."""
        self._check_keys()
        units = {n: read_unit(n, e) for n, e in self._document["units"].items()}
        self._head = self._read_head()
        self._catalog = Catalog(units, self._read_facts(units), self._read_caps(units))
        if self.failed:
            return None
        self._check_head()
        rules = RulesReader(self._document, self._catalog, self.faults)
        measures, tables, gates = rules.measures(), rules.tables(), rules.gates()
        windows = WindowsReader(self._document, self._catalog, self._head.shared, self.faults)
        breakers = BreakersReader(self._document, self._catalog, self._head, rules, self.faults)
        self._check_kept()
        counted, kept = windows.windows(), breakers.breakers()
        made = len(measures) + len(tables) + len(gates) + len(counted) + len(kept)
        written = sum(len(self._document.get(part, ())) for part in _MADE)
        if not self.failed and written != made:
            self.add((), "bad-document", "a part of the rules was lost without a fault of its own")
        if self.failed:
            return None
        head = self._head
        entries = self._document[head.actor.part] if head.actor else {}
        actors = {n: self._layer((head.actor.part, n), e) for n, e in entries.items()} if head.actor else {}
        ruleset = RuleSet(
            environment=self._document.get("environment", ""),
            ruleset_hash=self._document.get("ruleset", ""),
            universe_hash=self._document.get("universe", ""),
            catalog=self._catalog,
            head=head,
            measures=measures,
            gates=gates,
            tables=tables,
            subjects=self._subjects(),
            actors=actors,
            account=self._layer(("account",), self._document.get("account", {"caps": {}})),
            reaches=reaches(measures, tables),
            actor_caps=frozenset(c for layer in actors.values() for c in layer.caps),
            events=windows.events(),
            windows=counted,
            breakers=kept,
            waivers=WaiversReader(self._document, head, gates, self._layer, self.faults).waivers(),
        )
        self._check_extents(ruleset)
        self._check_gates(ruleset)
        self.faults += faults_of(ruleset)
        return ruleset

    def _check_kept(self) -> None:
        """Windows and breakers are facts, and a breaker stands among the gates."""
        declared = {
            **windows_facts(self._document.get("windows", {})),
            **breakers_facts(self._document.get("breakers", [])),
        }
        for name, entry in declared.items():
            fact = self._catalog.facts.get(name)
            if fact is None or fact.unit.name != entry["unit"] or fact.producer != entry["from"]:
                self.add(("facts", name), "bad-document", f"`{name}` is not declared as what it is")
        gates = self._document["gates"]
        for i, entry in enumerate(self._document.get("breakers", [])):
            if any(gate not in gates for gate in gates_of(entry)):
                self.add(("breakers", i), "bad-document", f"the breaker `{entry['id']}` does not stand among the gates")

    def _check_keys(self) -> None:
        """Each entry has the keys of its part and no other, and a name that expressions can name."""
        for part, known in _KEYS.items():
            for name, entry in self._document.get(part, {}).items():
                if not is_name(name):
                    self.add((part, name), "bad-name", f"`{name}` is no name", _NAMES, at_key=True)
                self._check_entry((part, name), entry, known)
        for name, table in self._document.get("tables", {}).items():
            for i, row in enumerate(table["rows"]):
                self._check_entry(("tables", name, "rows", i), row, _ROW_KEYS)
        for key in ("environment", "ruleset", "universe"):
            if not _WORD.fullmatch(self._document.get(key, "")):
                self.add((key,), "bad-value", f"`{key}` is no plain word")

    def _check_entry(self, path: Path, entry: Mapping[str, Any], known: frozenset[str]) -> None:
        for key in entry.keys() - known:
            self.add((*path, key), "unknown-key", f"`{key}` has no place here", did_you_mean(key, known), at_key=True)

    def _read_head(self) -> Head:
        head = self._document.get("head", {})
        for key in head.keys() - {"subject", "actor", "exempt", "solve", "clock"}:
            self.add(("head", key), "unknown-key", f"`{key}` is no part of a rule set's head", at_key=True)
        subject, actor, solve = head.get("subject"), head.get("actor"), head.get("solve")
        return Head(
            subject=SubjectHead(
                subject["key"], subject["in"].removeprefix("universe."), subject["as"], subject["unknown"]
            )
            if subject
            else None,
            actor=ActorHead(actor["key"], actor["in"].removeprefix("universe.")) if actor else None,
            exempt=head.get("exempt"),
            solve=SolveHead(solve["for"], solve["step"], solve["as"]) if solve else None,
            clock=head.get("clock"),
        )

    def _check_head(self) -> None:
        head, facts = self._head, self._catalog.facts
        named = [("subject", "key", head.subject.key)] if head.subject else []
        named += [("actor", "key", head.actor.key)] if head.actor else []
        named += [("solve", "for", head.solve.fact), ("solve", "step", head.solve.step)] if head.solve else []
        for part, key, name in named:
            fact = facts.get(name)
            if fact is None:
                self.add(("head", part, key), "unknown-fact", f"`{name}` is no fact", did_you_mean(name, facts))
            elif key != "step" and not fact.supplied:
                self.add(("head", part, key), "type-mismatch", f"`{name}` is not given by who asks")
        if head.clock is not None and (head.clock not in facts or not facts[head.clock].supplied):
            help_text = did_you_mean(head.clock, facts)
            self.add(("head", "clock"), "unknown-fact", f"`{head.clock}` is no fact that who asks gives", help_text)
        elif head.clock is not None and not facts[head.clock].unit.numeric:
            self.add(("head", "clock"), "type-mismatch", f"`{head.clock}` is no time: it is no number")
        for part, where in (("subject", head.subject), ("actor", head.actor)):
            fact = facts.get(where.key) if where else None
            if where and not isinstance(self._document.get(where.part), Mapping):
                message = f"`universe.{where.part}` is no part of the universe"
                self.add(("head", part, "in"), "unknown-list", message, did_you_mean(where.part, self._document))
            elif where and fact and fact.type.values != self._document[where.part].keys():
                message = f"the values of `{where.key}` are not the keys of `{where.part}`"
                self.add(("head", part, "key"), "type-mismatch", message, f"declare `values: universe.{where.part}`")
        self._check_solve(facts)
        if head.exempt is not None and head.exempt not in self._document.get("measures", {}):
            self.add(("head", "exempt"), "unknown-measure", f"`{head.exempt}` is no measure")

    def _check_solve(self, facts: Mapping[str, Fact]) -> None:
        solve = self._head.solve
        if solve is None:
            return
        asked, step = facts.get(solve.fact), facts.get(solve.step)
        if asked and step and (asked.unit != step.unit or not asked.unit.numeric):
            message = f"`{solve.step}` is no step of `{solve.fact}`"
            self.add(("head", "solve", "step"), "type-mismatch", message, "both are numbers of one unit")
        if not is_name(solve.name) or solve.name in RECORD_KEYS or solve.name.endswith("_without"):
            self.add(("head", "solve", "as"), "bad-name", f"`{solve.name}` can't stand in a decision", _NAMES)

    def _read_facts(self, units: Mapping[str, Unit]) -> dict[str, Fact]:
        prefix = self._head.subject.prefix if self._head.subject else ""
        facts: dict[str, Fact] = {}
        for name, entry in self._document["facts"].items():
            with self._entry(("facts", name)):
                facts[name] = read_fact(name, entry, units, self._document, prefix)
        for name, fact in facts.items():
            self._check_indicator(name, fact, facts)
            if fact.varies_with is not None and fact.varies_with not in facts:
                help_text = did_you_mean(fact.varies_with, facts)
                self.add(("facts", name, "varies_with"), "unknown-fact", f"`{fact.varies_with}` is no fact", help_text)
            longer = next((o for o in facts if o.startswith(name + ".")), None)
            if longer:
                self.add(("facts", name), "nested-fact", f"`{name}` can't be a fact and hold `{longer}`", at_key=True)
        return facts

    def _check_indicator(self, name: str, fact: Fact, facts: Mapping[str, Fact]) -> None:
        """A fact that is 1 or 0 says so by its unit and sign, and follows from a value that can come about."""
        if fact.indicates is None:
            return
        path: Path = ("facts", name, "indicates")
        of, word = facts.get(fact.indicates[0]), fact.indicates[1]
        if of is None:
            self.add(path, "unknown-fact", f"`{fact.indicates[0]}` is no fact", did_you_mean(fact.indicates[0], facts))
        elif not of.supplied or word not in of.type.values:
            self.add(path, "unknown-value", f"`{word}` is no value of `{of.name}`", did_you_mean(word, of.type.values))
        if fact.unit.kind not in (Kind.RATIO, Kind.COUNT) or fact.sign is Sign.POSITIVE:
            self.add(path, "type-mismatch", f"`{name}` is 1 or 0: a ratio or a count, and not positive")

    def _read_caps(self, units: Mapping[str, Unit]) -> dict[str, Cap]:
        caps: dict[str, Cap] = {}
        for name, entry in self._document["caps"].items():
            with self._entry(("caps", name)):
                caps[name] = read_cap(name, entry, units, self._document)
        return caps

    @contextmanager
    def _entry(self, path: Path) -> Iterator[None]:
        try:
            yield
        except CatalogFault as fault:
            self.add((*path, fault.key), fault.code, str(fault), fault.help)

    def _check_extents(self, ruleset: RuleSet) -> None:
        """Measures that name each other twice double at each step; no rules may take the engine for ever."""
        extents = Extents(ruleset.measures, ruleset.tables)
        places: list[tuple[Path, tuple[Node, ...]]] = [
            (("measures", n), (m.node,)) for n, m in ruleset.measures.items()
        ]
        for table in ruleset.tables.values():
            places += [(("tables", table.name, "rows", i), row_nodes(row)) for i, row in enumerate(table.rows)]
        places += [(("gates", gate.index), gate_nodes(gate)) for gate in ruleset.gates]
        found = [(*extents.of(*nodes), path) for path, nodes in places]
        too_large = [f for f in found if f[0] > MAX_SIZE or f[1] > MAX_DEPTH]
        if too_large:
            # Whatever names the smallest of them is larger still, and at fault for nothing else.
            size, deep, path = min(too_large, key=lambda f: f[0])
            message = f"with all that it names written out it has {size} parts, {deep} of them one inside another"
            help_text = f"there may be {MAX_SIZE} parts, and {MAX_DEPTH} one inside another"
            self.add(path, "too-large", message, help_text)

    def _check_gates(self, ruleset: RuleSet) -> None:
        # What a breaker may read is told of the breaker, not once more of the gate that it is.
        kept = {breaker.id for breaker in ruleset.breakers}
        for gate in ruleset.gates:
            path: Path = ("gates", gate.index)
            if gate.scope == "account" and gate.id not in kept:
                self._check_account(path, gate, ruleset)
            self._check_none(path, caps_inside(gate, ruleset), ruleset)
        for table in ruleset.tables.values():
            for i, row in enumerate(table.rows):
                place: Path = ("tables", table.name, "rows", i)
                if row.when is not None:
                    self._check_none((*place, "when"), caps_read(ruleset, row.when), ruleset)
                for output, node in row.outputs.items():
                    self._check_none((*place, "then", output), caps_read(ruleset, node), ruleset)
        exempt = ruleset.measures.get(self._head.exempt or "")
        if exempt is not None and exempt.unit.kind is not Kind.BOOL:
            self.add(("head", "exempt"), "type-mismatch", f"`{exempt.name}` is no condition")

    def _check_none(self, path: Path, caps: frozenset[str], ruleset: RuleSet) -> None:
        """A cap that is none has no value inside an expression, unless it is a list."""
        layers = [ruleset.account, *(s.layer for s in ruleset.subjects.values()), *ruleset.actors.values()]
        for name in sorted(caps):
            absent = any(name in layer.caps and layer.caps[name] is None for layer in layers)
            if absent and self._catalog.caps[name].unit.kind is not Kind.LIST:
                message = f"`caps.{name}` is none somewhere, and none has no value inside an expression"
                self.add(path, "none-inside", message, "as a bound it means no bound")

    def _check_account(self, path: Path, gate: Gate, ruleset: RuleSet) -> None:
        """A gate of the account reads what holds for the account alone."""
        subject = self._head.subject
        foreign = (subject.prefix, subject.key.split(".")[0]) if subject else ()
        for name in sorted(reach(ruleset, *gate_nodes(gate))):
            cap = self._catalog.caps.get(name.removeprefix("caps.")) if name.startswith("caps.") else None
            if name.split(".")[0] in foreign or (cap is not None and cap.per != "account"):
                message = f"a gate of the account can't read `{name}`"
                self.add(path, "account-scope", message, "leave `scope` out: it is then decided with each intent")

    def _subjects(self) -> dict[str, Subject]:
        head = self._head.subject
        return {k: self._subject(k, e, head) for k, e in self._document[head.part].items()} if head else {}

    def _subject(self, key: str, entry: Mapping[str, Any], head: SubjectHead) -> Subject:
        facts: dict[str, Value] = {}
        for name, fact in self._catalog.facts.items():
            if fact.attribute is None:
                continue
            given: Any = entry
            for part in fact.attribute:
                given = given.get(part) if isinstance(given, Mapping) else None
            if given is not None:
                facts[name] = self._typed((head.part, key, *fact.attribute), given, fact)
        return Subject(key, facts, self._layer((head.part, key), entry))

    def _layer(self, path: Path, entry: Mapping[str, Any]) -> Layer:
        caps: dict[str, Value | None] = {}
        for name, given in entry["caps"].items():
            if name not in self._catalog.caps:
                self.add(
                    (*path, "caps", name),
                    "unknown-cap",
                    f"`{name}` is no cap",
                    did_you_mean(name, self._catalog.caps),
                    at_key=True,
                )
            else:
                caps[name] = (
                    None if given is None else self._typed((*path, "caps", name), given, self._catalog.caps[name])
                )
        provenance = entry.get("provenance", {})
        return Layer(caps, {n: (p.get("source", ""), p.get("layer", "")) for n, p in provenance.items()})

    def _typed(self, path: Path, given: Any, declared: Fact | Cap) -> Value:
        """A compiled value in its declared type: canonical texts for numbers, truth values as such, lists as tuples."""
        try:
            return typed_value(given, declared)
        except ValueError as error:
            self.add(path, "bad-value", str(error))
            return ""
