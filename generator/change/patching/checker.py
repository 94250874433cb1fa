"""The verdict: each edit of a change decided by base's rules about changes, with every reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import Decision
from engine.explain import Refusal
from engine.reach import reach
from engine.ruleset import Gate, gate_nodes
from generator.change.git import Commit
from generator.change.patching import facts
from generator.change.patching.authority import Authority
from generator.change.patching.compiled import CompiledSide
from generator.change.patching.details import details
from generator.change.patching.edits import NOTHING, Edit, edits_of
from generator.change.patching.facts import Course, Facts, Results
from generator.change.patching.findings import findings
from generator.change.patching.identity import Actor, Identity, identity
from generator.change.patching.own_code import foreign
from generator.change.patching.past import past
from generator.change.patching.recorded import flipped
from generator.change.patching.steps import Steps, steps, values
from generator.change.patching.surfaces import Surfaces
from generator.change.patching.trees import SOURCES, Tree
from generator.change.proved import proved


@dataclass(frozen=True)
class Proposal:
    """What is to be checked: base, and the files that head would make of it.

    Args:
        base: the authority.
        tree: the files of head.
        head: the commit of head, or the one that its files are not committed upon yet.
        name: what to call head.
        side: what its files compile to, where that is known already.
    """

    base: Authority
    tree: Tree
    head: str
    name: str
    side: CompiledSide | None = None

    def compiled(self) -> CompiledSide:
        """What its files compile to."""
        return self.side or CompiledSide(self.name, self.tree.sources(), self.base.today)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and by what is recorded.

    Args:
        named: everybody whom the platform names.
        claimed: who the command line says it is; it may lower rights and never raise them.
        now: the moment, in Unix seconds, by the clock of whoever checks.
        code: the folder of the code that checks.
    """

    named: tuple[Actor, ...]
    claimed: str | None
    now: int
    code: Path


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against a change: the gate and its words, what was found in detail, and the edits that it is about;
    none where it is about the change as a whole.
    """

    gate: str
    reason: str
    text: str
    why: str
    source: str
    details: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the change's author may make it, with every reason and all that was found."""

    allowed: bool
    surface: str
    identity: Identity
    base: str
    head: str
    edits: tuple[tuple[Edit, str], ...]
    objections: tuple[Objection, ...]
    results: Results
    facts: Facts = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What the change is called; UNKNOWN where it does not compile."""
        return str(self.results.diff.word) if self.results.diff else "UNKNOWN"


def check(proposal: Proposal, asked: Asked) -> Verdict:
    """Decide on a change.

    Raises:
        Refused: base itself does not compile.
        GitFault: the repository does not hold what is needed, or its history is cut off.
        RecordFault: the record on base was altered.
        LogFault: the log of decisions can't be read.
    """
    base = proposal.base
    edits = edits_of(base.tree, proposal.tree, base.surfaces.is_generated)
    moved = any(edit.path.startswith(SOURCES) for edit in edits)
    head = proposal.compiled() if moved else base.side
    return _decided(proposal, edits, _results(proposal, asked, head), asked)


def _results(proposal: Proposal, asked: Asked, head: CompiledSide) -> Results:
    base = proposal.base
    found = findings(base, head, proposal.tree)
    if found.problems:
        return Results(found)
    flips = flipped(base.side, head, base.tree)
    return Results(found, proved(base.side, head), flips, _steps(base, head, asked.now))


def _steps(base: Authority, head: CompiledSide, now: int) -> Steps:
    if values(base.side.document) == values(head.document):
        return Steps(())
    return steps(base.side.document, head.document, past(base.repository, base.tree, base.commit, now=now))


def _decided(proposal: Proposal, edits: tuple[Edit, ...], results: Results, asked: Asked) -> Verdict:
    base, surfaces = proposal.base, proposal.base.surfaces
    who = identity(surfaces, asked.named, asked.claimed)
    placed = [(edit, surfaces.place_of(edit.path, edit.key)) for edit in edits]
    surface = surfaces.surface_of(place.name for _, place in placed)
    own, missed = _commits(proposal)
    course = Course(
        foreign=foreign(base.tree, asked.code),
        behind=len(missed),
        commits=len(own),
        merges=sum(len(commit.parents) > 1 for commit in own),
        runs=any(place.runs for _, place in placed),
        edits=sum(not place.generated for _, place in placed),
    )
    whole = facts.of_change(course, results)
    names = tuple((edit, place.name) for edit, place in placed)
    # Commits that edit nothing in the end are still a history that would be merged.
    asked_of = names or ((NOTHING, surfaces.entry(surface)["places"][0]),) if edits or own else ()
    decided = [
        (edit, surfaces.engine.decide({**whole, **facts.of_edit(edit, place, surface, who.author)}))
        for edit, place in asked_of
    ]
    objections = tuple(_objections(surfaces, decided, details(results, course.foreign)))
    return Verdict(not objections, surface, who, base.commit, proposal.name, names, objections, results, whole)


def _commits(proposal: Proposal) -> tuple[list[Commit], list[Commit]]:
    """The commits of head that base has not, and those of base that head is not made upon."""
    log, base, head = proposal.tree.repository.commits, proposal.base.commit, proposal.head
    return log(head, f"^{base}"), log(base, f"^{head}")


def _objections(
    surfaces: Surfaces, decided: list[tuple[Edit, Decision]], words: Mapping[str, tuple[str, ...]]
) -> Iterator[Objection]:
    """Every reason once, in the order of the gates, with the edits that it is about."""
    gates = {gate.id: gate for gate in surfaces.ruleset.gates}
    found: dict[tuple[str, str, str], list[Edit]] = {}
    sources: dict[tuple[str, str, str], tuple[str, bool]] = {}
    for edit, decision in decided:
        for veto in decision.vetoes:
            key = (veto.gate or "", str(veto.reason), veto.text)
            found.setdefault(key, []).append(edit)
            sources[key] = (veto.source, veto.reason == Refusal.FACTS_MISSING)
    order = list(gates)
    for gate, reason, text in sorted(found, key=lambda k: (order.index(k[0]) if k[0] in gates else -1, k)):
        key = (gate, reason, text)
        source, unknown = sources[key]
        reads = _reads(surfaces, gates[gate]) if gate in gates else frozenset()
        yield Objection(
            gate=gate,
            reason=reason,
            text=text,
            why=gates[gate].why if gate in gates else "",
            source=source,
            details=() if unknown else tuple(line for fact in sorted(reads) for line in words.get(fact, ())),
            edits=tuple(found[key]) if any(name.startswith("edit.") for name in reads) else (),
            unknown=unknown,
        )


def _reads(surfaces: Surfaces, gate: Gate) -> frozenset[str]:
    return reach(surfaces.ruleset, *gate_nodes(gate))
