"""The differ: two compiled universes by meaning, every difference once, each with its class."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from generator.change import caps, gates, lately, origins, plainly, regimes, rules, symbols, texts, waivers
from generator.change.changes import Change, Diff, Kind, Place, in_order
from generator.change.fields import Difference, Treatment, differences, keyed
from generator.change.sides import Rules, Sides
from generator.change.sources import MARK, Source, SourceFault
from generator.change.words import Class

TIERS: Final = "rules/tiers.yaml"
Handler = Callable[[Sides, list[Difference]], Iterable[Change]]


def _nothing(sides: Sides, found: list[Difference]) -> Iterator[Change]:
    """What follows from other fields says nothing by itself."""
    return iter(())


HANDLERS: Final[Mapping[Treatment, Handler]] = {
    Treatment.UNDIRECTED: plainly.changes,
    Treatment.COSMETIC: plainly.changes,
    Treatment.ORDER: plainly.changes,
    Treatment.FACT: plainly.changes,
    Treatment.ENTRY: plainly.changes,
    Treatment.NARROWER_LOW: plainly.changes,
    Treatment.NARROWER_HIGH: plainly.changes,
    Treatment.NARROWER_SIGN: plainly.changes,
    Treatment.DERIVED: _nothing,
    Treatment.SOURCES: texts.sources,
    Treatment.FOLLOWS: symbols.followers,
    Treatment.SYMBOL: symbols.comings_and_goings,
    Treatment.STRATEGY: symbols.comings_and_goings,
    Treatment.OWN_FACT: symbols.own_facts,
    Treatment.CAP: caps.changes,
    Treatment.ORIGIN: origins.changes,
    Treatment.MEASURE: rules.measures,
    Treatment.GATE: gates.changes,
    Treatment.TABLE: rules.tables,
    Treatment.REGIME: regimes.changes,
    Treatment.WAIVER: waivers.changes,
    Treatment.WINDOW: lately.windows,
    Treatment.BREAKER: lately.breakers,
}


def compare(old: Rules, new: Rules) -> tuple[Change, ...]:
    """Every change from one universe to another, the worst first.

    Directions alone are asked: what they can't tell is NOT-PROVED, and what has none is LOOSEN.
    """
    sides = Sides(old, new)
    found: dict[Treatment, list[Difference]] = {}
    for difference in differences(keyed(old.document), keyed(new.document)):
        found.setdefault(difference.treatment, []).append(difference)
    made = [change for treatment, group in found.items() for change in HANDLERS[treatment](sides, group)]
    return in_order(_once(lately.in_spite_of(sides, waivers.in_spite_of(sides, made))))


def _once(changes: Iterable[Change]) -> Iterator[Change]:
    """Without what others say too: a layer overridden for some that moves others, a text whose meaning is told."""
    made = list(changes)
    told = {repr((c.key, c.old, c.new)) for c in made if c.kind is Kind.CAP and not c.masked}
    files = {p.file for c in made if c.kind is not Kind.TEXT for p in (c.was, c.now) if p is not None}
    if any(c.kind is Kind.SYMBOL and c.sign != "~" for c in made):
        files.add(TIERS)  # a symbol comes and goes there too
    for change in made:
        masked = change.masked and repr((change.key, change.old, change.new)) in told
        text = change.kind is Kind.TEXT and change.word is Class.COSMETIC and change.key in files
        if not masked and not text:
            yield change


def merged(
    base: str, head: str, by_environment: Mapping[str, tuple[Rules, Rules]], more: Iterable[Change] = ()
) -> Diff:
    """The diff of several environments: what holds in each alike is one change.

    `more` are changes of what no universe is made of.
    """
    found: dict[str, tuple[Change, list[str]]] = {}
    for environment, (old, new) in by_environment.items():
        for change in compare(old, new):
            found.setdefault(repr(change), (change, []))[1].append(environment)
    changes = [replace(change, environments=tuple(names)) for change, names in found.values()]
    hashes = {
        name: (str(old.document["ruleset"]), str(new.document["ruleset"]))
        for name, (old, new) in by_environment.items()
    }
    symbols = {s for sides in by_environment.values() for side in sides for s in side.document.get("symbols", ())}
    found_all = in_order(_once([*changes, *more]))
    return Diff(base, head, found_all, tuple(by_environment), hashes, tuple(sorted(symbols)))


def diff(base: Source, head: Source, only: str | None = None) -> Diff:
    """The diff of two sources, in every environment that both have, or in one.

    Raises:
        NotCompiled: one of them can't be compiled.
        SourceFault: they have no environment in common.
        UniverseFault: a compiled universe is not to be decided by.
    """
    both = [e for e in base.environments() if e in head.environments() and only in (None, e)]
    if not both:
        known = sorted({*base.environments(), *head.environments()})
        raise SourceFault(f"{base.name} and {head.name} have no such environment", f"known are {', '.join(known)}")
    compared = {e: (base.rules(e), head.rules(e)) for e in both}
    old, new = base.texts(), head.texts()
    if not (old and new):
        return merged(base.name, head.name, compared)
    environments = _environments(base, head) if only is None else ()
    found = merged(base.name, head.name, compared, [*texts.beside(old, new), *environments])
    return replace(found, notes=texts.examples(old, new))


def _environments(base: Source, head: Source) -> Iterator[Change]:
    """Environments that only one side has."""
    for name in sorted({*base.environments()} ^ {*head.environments()}):
        was = name in base.environments()
        yield Change(
            kind=Kind.ENVIRONMENT,
            name=f"environment {name}",
            key=f"environments.{name}",
            word=Class.CONTRACT if was else Class.LOOSEN,
            why="nothing can be compiled for it" if was else "its layers may be looser than prod's",
            before=name if was else None,
            after=None if was else name,
            was=Place(MARK) if was else None,
            now=None if was else Place(MARK),
        )
