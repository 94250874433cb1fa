"""The verdict as people and programs read it: the class on top, every reason, then the diff.

Text that comes from rules, refs or logs is spelled out where it could turn or hide, and is never markup.
"""

from collections.abc import Iterator
from typing import Any, Final

from generator.change.patching.checker import Objection, Verdict
from generator.change.patching.edits import Edit
from generator.change.patching.remedies import remedy
from generator.change.show.clean import code, message, parameter, visible, words
from generator.change.show.data import data as diff_data
from generator.change.show.github import github as diff_github
from generator.change.show.markdown import markdown as diff_markdown
from generator.change.show.report import Report, counted, some
from generator.change.show.text import text as diff_text

MARK: Final = "<!-- hedgerow patch -->"
# A comment may hold 65,536 characters.
LONGEST: Final = 64_000
CUT: Final = "There is more than a comment holds: `hedgerow patch check`."


def headline(verdict: Verdict) -> str:
    """The class, and whether its author may make it."""
    who = "a person" if verdict.identity.author == "person" else "an agent"
    if not verdict.edits and verdict.allowed:
        return "no change"
    return f"{verdict.word}: {who} {'may' if verdict.allowed else 'may not'} make this change"


def stages(verdict: Verdict) -> str:
    """What became of each stage of a patch, in one line."""
    found, diff = verdict.results.findings, verdict.results.diff
    failed = len(found.failing or ()) + len(found.broken or ())
    said = [("check", counted(len(found.problems), "problem") if found.problems else "ok")]
    if diff is not None:
        proved = ", ".join(diff.proved) or (
            "nothing to prove" if not any(c.gates for c in diff.changes) else "no solver"
        )
        said += [
            ("universe", f"{len(found.stale)} stale" if found.stale else "ok"),
            ("test", f"{failed} fail" if failed else "ok"),
            ("diff", str(diff.word)),
            ("prove", proved),
        ]
    return " → ".join(f"{name} {what}" for name, what in (*said, ("surfaces", "allow" if verdict.allowed else "veto")))


def data(verdict: Verdict) -> dict[str, Any]:
    """The whole as JSON data."""
    diff, flips = verdict.results.diff, verdict.results.flips
    return {
        "format": 1,
        "verdict": "allow" if verdict.allowed else "veto",
        "class": verdict.word,
        "surface": verdict.surface,
        "author": {"rights": verdict.identity.author, "login": verdict.identity.login, "why": verdict.identity.why},
        "base": verdict.base,
        "head": verdict.head,
        "reasons": [_reason(objection) for objection in verdict.objections],
        "edits": [{**_edit(edit), "place": place} for edit, place in verdict.edits],
        "facts": verdict.facts,
        "diff": None if diff is None else diff_data(Report(diff, flips)),
    }


def _reason(objection: Objection) -> dict[str, Any]:
    return {
        "gate": objection.gate,
        "reason": objection.reason,
        "text": objection.text,
        "why": objection.why,
        "help": remedy(objection.reason),
        "source": objection.source,
        "details": list(objection.details),
        "edits": [_edit(edit) for edit in objection.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"file": edit.path, "key": list(edit.key), "action": str(edit.action), "line": edit.line or None}


def text(verdict: Verdict) -> str:
    """For a terminal."""
    return "\n".join(_lines(verdict)) + "\n"


def _lines(verdict: Verdict) -> Iterator[str]:
    yield headline(verdict)
    yield visible(f"{verdict.base[:12]} → {verdict.head}, on {verdict.surface}; {verdict.identity.why}")
    for objection in _told(verdict):
        yield ""
        yield f"{visible(objection.reason)}  {visible(objection.text)}"
        yield f"    {visible(objection.source)}  {visible(objection.why)}".rstrip()
        if objection.edits:
            yield f"    edits: {visible(_edits(objection))}"
        yield from (f"    {visible(line)}" for line in objection.details)
        yield from (f"    help: {said}" for said in [remedy(objection.reason)] if said)
    hidden = sum(o.unknown for o in verdict.objections)
    if hidden and verdict.results.findings.problems:
        yield f"\n{counted(hidden, 'check')} could not be made, since the rules do not compile"
    if verdict.results.diff is not None and verdict.edits:
        yield ""
        yield diff_text(Report(verdict.results.diff, verdict.results.flips)).rstrip("\n")


def _told(verdict: Verdict) -> Iterator[Objection]:
    """Every reason; where the rules don't compile, those apart that only say what could not be checked."""
    broken = bool(verdict.results.findings.problems)
    return (o for o in verdict.objections if not (broken and o.unknown))


def _edits(objection: Objection) -> str:
    return some([f"{e.action} {e.path}" + (f" {e.name}" if e.key else "") for e in objection.edits])


def markdown(verdict: Verdict) -> str:
    """One comment: the class on top."""
    own = "\n".join(_comment(verdict)) + "\n"
    diff = verdict.results.diff
    # Its mark and its heading are said above.
    whole = own + ("" if diff is None else diff_markdown(Report(diff, verdict.results.flips)).split("\n", 2)[2])
    if len(whole) <= LONGEST:
        return whole
    kept = whole[:LONGEST].rpartition("\n")[0]
    unclosed = kept.count("<details>") - kept.count("</details>")
    return f"{kept}\n{chr(10) + '</details>' if unclosed else ''}\n\n{CUT}\n"


def _comment(verdict: Verdict) -> Iterator[str]:
    yield MARK
    yield f"### hedgerow: {headline(verdict)}"
    yield ""
    yield (
        f"On {code(verdict.surface)}, upon base {code(verdict.base[:12])}. "
        f"Rights of {code(verdict.identity.author)}: {words(verdict.identity.why)}."
    )
    objections = list(_told(verdict))
    if objections:
        yield ""
        yield "| veto | what | why | what to do | where |"
        yield "|---|---|---|---|---|"
    for objection in objections:
        shown = [words(objection.text)]
        shown += [f"edits: {code(_edits(objection))}"] if objection.edits else []
        shown += [code(line) for line in objection.details]
        told = (words(objection.why), remedy(objection.reason))
        cells = (code(objection.reason), "<br>".join(shown), *told, code(objection.source))
        yield f"| {' | '.join(cells)} |"
    yield ""


def github(verdict: Verdict) -> str:
    """Workflow commands: an annotation for each reason where its first edit stands, the diff's own, and the whole."""
    level = "notice" if verdict.allowed else "error"
    whole = f"::{level} title={parameter(f'hedgerow {headline(verdict)}')}::{message(verdict.identity.why)}\n"
    diff = verdict.results.diff
    told = "".join(f"{_annotation(objection)}\n" for objection in _told(verdict))
    return told + ("" if diff is None else diff_github(Report(diff, verdict.results.flips))) + whole


def _annotation(objection: Objection) -> str:
    place = [f"file={parameter(edit.path)}" + (f",line={edit.line}" if edit.line else "") for edit in objection.edits]
    title = f"title={parameter(f'veto {objection.reason}')}"
    edits = f"edits: {_edits(objection)}" if objection.edits else ""
    said = (objection.text, remedy(objection.reason), edits, *objection.details)
    return f"::error {','.join([*place[:1], title])}::{message('; '.join(filter(None, said)))}"
