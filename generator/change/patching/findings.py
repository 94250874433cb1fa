"""The checks that the checker runs itself: base's code, base's examples and base's invariants on head's data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine import Engine
from generator import generated, scenarios
from generator.change.cover.feasible import SIDES, Sizes, sizes, sizes_of
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.surfaces import Surfaces, read_surfaces
from generator.change.patching.trees import Tree
from generator.compile.finish import file_text
from generator.compile.problems import Problem, Refused
from universe.reader import FILE as UNIVERSE


@dataclass(slots=True)
class Findings:
    """What the checks found, in words; None where a check could not be run, since head does not compile.

    Args:
        problems: with which head's rules do not compile.
        texts: what they are shown in.
        stale: generated files of head that are not what its sources make.
        failing: head's scenarios that do not hold.
        broken: base's scenarios that head's rules break and that head no longer has as they were.
        breaches: base's invariants that head's rules break.
        idle: symbols, each with a strategy and an account, of which something passed and nothing does.
    """

    problems: tuple[Problem, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    stale: tuple[str, ...] | None = None
    failing: tuple[str, ...] | None = None
    broken: tuple[str, ...] | None = None
    breaches: tuple[str, ...] | None = None
    idle: tuple[str, ...] | None = None


def findings(base: CompiledSide, head: CompiledSide, surfaces: Surfaces, tree: Tree) -> Findings:
    """What base's checks find in head.

    Args:
        base: the authority.
        head: what is checked.
        surfaces: base's rules about changes.
        tree: the files of head.
    """
    refused = (*head.refused, *_refused_surfaces(head))
    if refused:
        return Findings(problems=refused, texts=head.shown)
    made = head.compiled()
    tried = _Scenarios(base, head, surfaces)
    failing = tuple(tried.failing())
    broken = tuple(line for line in tried.broken() if line not in failing)
    if tried.problems:
        return Findings(problems=tuple(sorted(tried.problems)), texts={**head.shown, **tried.texts})
    expected = {UNIVERSE: file_text(made.document), **generated.files(made)}
    return Findings(
        stale=tuple(name for name, text in expected.items() if not tree.holds(name, text)),
        failing=failing,
        broken=broken,
        breaches=(),
        idle=tuple(_idle(base, head, surfaces)),
    )


def _refused_surfaces(head: CompiledSide) -> tuple[Problem, ...]:
    try:
        read_surfaces(head.files, today=head.today)
    except Refused as refused:
        return refused.problems
    return ()


class _Scenarios:
    """Scenarios of both sides, judged by head's rules; a file that is the same on both is read once.

    Generated ones are left to the comparison of generated files: they hold by the way in which they are made.
    """

    def __init__(self, base: CompiledSide, head: CompiledSide, surfaces: Surfaces) -> None:
        self._base, self._head, self._surfaces = base, head, surfaces
        self._failures: dict[tuple[str, bytes], tuple[str, ...]] = {}
        self.problems: set[Problem] = set()
        self.texts: dict[str, str] = {}

    def failing(self) -> Iterator[str]:
        """Head's own that do not hold."""
        for file, text in self._files(self._head).items():
            problems: list[Problem] = []
            yield from self._tried(file, text, problems)
            self.problems.update(problems)

    def broken(self) -> Iterator[str]:
        """Base's that do not hold; one that head's rules can't even read is broken."""
        for file, text in self._files(self._base).items():
            problems: list[Problem] = []
            yield from self._tried(file, text, problems)
            yield from (f"{p.file}:{p.line}: {p.message}" for p in problems)

    def _tried(self, file: str, text: bytes, problems: list[Problem]) -> tuple[str, ...]:
        if (file, text) in self._failures:
            return self._failures[file, text]
        made = self._head.compiled()
        read = text.decode(errors="replace")
        self.texts[file] = read
        found = scenarios.read_file(file, read, made.ruleset, made.schemas["scenarios"], problems)
        failures = scenarios.run(found, made.ruleset).failures if not problems else []
        words = tuple(
            f"{f.scenario.source}: {f.scenario.name}: expected {f.expected}, got {f.actual}" for f in failures
        )
        if not problems:
            self._failures[file, text] = words
        return words

    def _files(self, side: CompiledSide) -> dict[str, bytes]:
        names = [f"{scenarios.FOLDER}/{n}" for n in side.files.names(scenarios.FOLDER) if n.endswith(".yaml")]
        return {name: side.files.read(name) for name in names if not self._surfaces.is_generated(name)}


def _idle(base: CompiledSide, head: CompiledSide, surfaces: Surfaces) -> Iterator[str]:
    """What could be traded by an account of `rules/surfaces.yaml` and can't be any more."""
    if base.document["ruleset"] == head.document["ruleset"]:
        return
    for name, nav in surfaces.accounts.items():
        for symbol, strategy in _untradable(base, head, nav):
            yield f"{symbol} by {strategy}: no size passes any more for an account of {nav:f} ({name})"


def _untradable(base: CompiledSide, head: CompiledSide, nav: Decimal) -> list[tuple[str, str]]:
    """Symbols, each with a strategy, of which a size passed that is no larger than what is proposed, and none does."""
    after = {(s.symbol, s.strategy) for s in sizes(head.universe, nav) if _passes(s)}
    engine = Engine(base.universe.ruleset, "interpreter")
    return [
        (symbol, strategy)
        for strategy, running in base.universe.running.items()
        for symbol in running.symbols
        if base.universe.symbol(symbol)["enabled"] and (symbol, strategy) not in after
        if any(_passes(sizes_of(base.universe, engine, nav, (symbol, strategy, side))) for side in SIDES)
    ]


def _passes(found: Sizes) -> bool:
    return bool(found.ranges) and not found.out_of_proposal
