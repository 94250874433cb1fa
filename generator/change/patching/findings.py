"""The checks that the checker runs itself: base's code, base's examples and base's invariants on head's data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generator import scenarios
from generator.change.patching.authority import Authority
from generator.change.patching.breaches import breaches
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.idle import idle
from generator.change.patching.surfaces import FORM, Surfaces, read_surfaces
from generator.change.patching.trees import Tree
from generator.compile.one_file import UNITS
from generator.compile.problems import Problem, Refused


@dataclass(slots=True)
class Findings:
    """What the checks found, in words; None where a check could not be run, since head does not compile.

    Args:
        problems: with which head's rules do not compile.
        texts: what they are shown in.
        stale: generated files of head that are not what its sources make, or that nothing makes.
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


def findings(base: Authority, head: CompiledSide, tree: Tree) -> Findings:
    """What base's checks find in head.

    Args:
        base: the authority.
        head: what is checked.
        tree: the files of head.
    """
    refused = (*head.refused, *_refused_surfaces(base, head))
    if refused:
        return Findings(problems=refused, texts=head.shown)
    tried = _Scenarios(base.side, head, base.surfaces)
    failing = tuple(tried.failing())
    broken = tuple(line for line in tried.broken() if line not in failing)
    if tried.problems:
        return Findings(problems=tuple(sorted(tried.problems)), texts={**head.shown, **tried.texts})
    return Findings(
        stale=tuple(_stale(base.surfaces, head, tree)),
        failing=failing,
        broken=broken,
        breaches=tuple(breaches(base.side, head)),
        idle=tuple(idle(base.side, head, base.surfaces.accounts)),
    )


def _refused_surfaces(base: Authority, head: CompiledSide) -> tuple[Problem, ...]:
    """What is wrong with head's own rules about changes; base's are compiled already."""
    old, new = base.side.files.contents, head.files.contents
    if all(old.get(path) == new.get(path) for path in (FORM.rules, FORM.catalog, UNITS)):
        return ()
    try:
        read_surfaces(head.files, today=head.today)
    except Refused as refused:
        return refused.problems
    return ()


def _stale(surfaces: Surfaces, head: CompiledSide, tree: Tree) -> Iterator[str]:
    """Files that are not what would be written, and those that stand where generated ones do and nothing makes."""
    for path, text in head.following.items():
        if not tree.holds(path, text):
            yield f"{path}: make it again with `make universe docs`"
    for path in tree.entries:
        if path not in head.following and surfaces.is_generated(path):
            yield f"{path}: nothing makes it"


class _Scenarios:
    """Scenarios of both sides, judged by head's rules; a file that is the same on both is read once.

    Generated ones are left to the comparison of generated files: they hold by the way in which they are made.
    """

    def __init__(self, base: CompiledSide, head: CompiledSide, surfaces: Surfaces) -> None:
        self._base, self._head, self._surfaces = base, head, surfaces
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
        known = self._head.tried
        if (file, text) in known:
            return known[file, text]
        made = self._head.compiled()
        read = text.decode(errors="replace")
        self.texts[file] = read
        found = scenarios.read_file(file, read, made.ruleset, made.schemas["scenarios"], problems)
        failures = scenarios.run(found, made.ruleset).failures if not problems else []
        words = tuple(
            f"{f.scenario.source}: {f.scenario.name}: expected {f.expected}, got {f.actual}" for f in failures
        )
        if not problems:
            known[file, text] = words
        return words

    def _files(self, side: CompiledSide) -> dict[str, bytes]:
        names = [f"{scenarios.FOLDER}/{n}" for n in side.files.names(scenarios.FOLDER) if n.endswith(".yaml")]
        return {name: side.files.read(name) for name in names if not self._surfaces.is_generated(name)}
