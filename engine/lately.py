"""What windows and breakers may read, and of whom: checks over a rule set that is whole but for them."""

from collections.abc import Iterator

from engine.breakers import PREFIX as BREAKERS
from engine.faults import Fault, Path
from engine.reach import reach
from engine.ruleset import Breaker, Layer, RuleSet, breaker_nodes
from engine.windows import PREFIX as WINDOWS
from engine.windows import Window


def faults_of(ruleset: RuleSet) -> Iterator[Fault]:
    """Every fault of the windows and breakers of a rule set."""
    for window in ruleset.windows.values():
        if isinstance(window.within, str):
            path: Path = ("windows", window.name, "within")
            yield from _of_cap(path, window.within, window.by, ruleset, spans=True)
    for index, breaker in enumerate(ruleset.breakers):
        yield from _of_breaker(("breakers", index), breaker, ruleset)


def _of_breaker(path: Path, breaker: Breaker, ruleset: RuleSet) -> Iterator[Fault]:
    if isinstance(breaker.hold, str) and breaker.hold in ruleset.catalog.caps:
        yield from _of_cap((*path, "hold"), breaker.hold, breaker.by, ruleset)
    for name in sorted(reach(ruleset, *breaker_nodes(breaker))):
        kind, _, rest = name.partition(".")
        if kind == "caps":
            yield from _of_cap(path, rest, breaker.by, ruleset)
        elif f"{kind}." == BREAKERS:
            yield Fault("breaker-scope", path, f"a breaker can't read `{name}`", "read what that one is about")
        elif f"{kind}." == WINDOWS:
            yield from _of_window(path, ruleset.windows[rest], breaker)
        elif not _is_known(name, breaker, ruleset):
            message = f"`{name}` differs from {kind} to {kind}, and a breaker is judged without one"
            is_key = ruleset.head.shared == f"{kind}." and bool(ruleset.catalog.facts[name].type.values)
            help_text = f"keep it `by: [{rest}]`" if is_key else "make it a gate"
            yield Fault("breaker-scope", path, message, help_text)


def _is_known(name: str, breaker: Breaker, ruleset: RuleSet) -> bool:
    """Whether a fact is one of the account, or of what the breaker is kept by."""
    fact, subject = ruleset.catalog.facts[name], ruleset.head.fields[0]
    if fact.attribute is not None:
        return subject in breaker.by
    shared = ruleset.head.shared
    source = fact.indicates[0] if fact.indicates else name
    return not shared or not source.startswith(shared) or source.removeprefix(shared) in breaker.by


def _of_window(path: Path, window: Window, breaker: Breaker) -> Iterator[Fault]:
    if lacking := [field for field in window.by if field not in breaker.by]:
        message = f"`{WINDOWS}{window.name}` is counted by {' and '.join(window.by)}, and this breaker is not"
        help_text = f"keep it `by: [{', '.join(dict.fromkeys((*breaker.by, *lacking)))}]`"
        yield Fault("kept-by", path, message, help_text)


def _of_cap(path: Path, name: str, by: tuple[str, ...], ruleset: RuleSet, *, spans: bool = False) -> Iterator[Fault]:
    """A cap is of somebody who is known here; where it says how far to look back, it says so for all."""
    cap, (subject, actor) = ruleset.catalog.caps[name], ruleset.head.fields
    holder = actor if name in ruleset.actor_caps else subject
    if cap.per != "account" and holder is not None and holder not in by:
        message = f"`caps.{name}` is set per {cap.per}, and nothing here is kept by {holder}"
        yield Fault("kept-by", path, message, f"keep it `by: [{holder}]`, or name a cap of the account")
    if spans and any(layer.caps.get(name, "") is None for layer in _layers(ruleset)):
        yield Fault("none-inside", path, f"`caps.{name}` is none somewhere, and a window looks back a time")


def unset_spans(ruleset: RuleSet) -> Iterator[Fault]:
    """The windows and breakers of which a cap says how long, and nobody says it."""
    spans: list[tuple[Path, int | str | None]] = [
        *((("windows", w.name, "within"), w.within) for w in ruleset.windows.values()),
        *((("breakers", i, "hold"), b.hold) for i, b in enumerate(ruleset.breakers)),
    ]
    for path, span in spans:
        known = isinstance(span, str) and span in ruleset.catalog.caps
        if known and all(span not in layer.caps for layer in _layers(ruleset)):
            yield Fault("unset-cap", path, f"`caps.{span}` is read here, and nobody sets it", "set it in the caps")


def _layers(ruleset: RuleSet) -> tuple[Layer, ...]:
    return ruleset.account, *(s.layer for s in ruleset.subjects.values()), *ruleset.actors.values()
