"""A diff as SARIF 2.1.0, which code hosts show beside the lines that it is about."""

import hashlib
from typing import Any, Final
from urllib.parse import quote

from generator.change.changes import CONSEQUENCE, Change, Diff, Place
from generator.change.show.clean import visible
from generator.change.show.report import Report, value, why
from generator.change.words import LOOSENING, Class

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"


def sarif(report: Report, version: str) -> dict[str, Any]:
    """The log of one run: a result for each change that is more than cosmetic."""
    diff = report.diff
    rules = [{"id": word.value, "shortDescription": {"text": CONSEQUENCE[word]}} for word in Class]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "hedgerow", "version": version, "rules": rules}},
                "results": [_result(c, diff) for c in diff.changes if c.word is not Class.COSMETIC],
                "columnKind": "unicodeCodePoints",
                "properties": {"class": str(diff.word), "base": diff.base, "head": diff.head},
            }
        ],
    }


def _result(change: Change, diff: Diff) -> dict[str, Any]:
    said = f"{change.name}: {value(change)}. {why(change, diff)}"
    if change.witness is not None:
        said += f". {change.witness.text}"
    made: dict[str, Any] = {
        "ruleId": change.word.value,
        "ruleIndex": list(Class).index(change.word),
        "level": _level(change.word),
        "message": {"text": _plain(said)},
        "partialFingerprints": {"change/v1": _fingerprint(change)},
        "properties": {"key": change.key, "kind": str(change.kind)},
    }
    place = change.now or (Place(change.was.file) if change.was else None)
    if place is not None:
        made["locations"] = [_location(place)]
    if change.was is not None and change.was != change.now:
        made["properties"]["was"] = str(change.was)
    return made


def _plain(text: str) -> str:
    """Text in which no bracket makes a link, and no brace stands for an argument."""
    shown = visible(text).replace("{", "(").replace("}", ")")
    return shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _level(word: Class) -> str:
    if word in LOOSENING:
        return "error" if word is Class.LOOSEN else "warning"
    return "warning" if word is Class.CONTRACT else "note"


def _location(place: Place) -> dict[str, Any]:
    at: dict[str, Any] = {"artifactLocation": {"uri": quote(place.file), "uriBaseId": _ROOT}}
    return {"physicalLocation": at | ({"region": {"startLine": place.line}} if place.line else {})}


def _fingerprint(change: Change) -> str:
    text = "\n".join((change.key, str(change.before), str(change.after), *change.environments))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
