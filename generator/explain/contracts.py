"""What the project publishes beside its rules: units, events, state files, problems, the engine's reasons."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.explain import REFUSALS
from generator.compile.codes import CODES
from generator.compile.levels import LINTS
from generator.compile.stages import Compiled
from generator.explain.parts import kind_of


def unit(compiled: Compiled, name: str) -> list[str]:
    """A unit: what it means, and how it is written."""
    entry = compiled.document["units"].get(name)
    if entry is None:
        return []
    suffixes = f", written with {' '.join(entry['suffixes'])}" if entry.get("suffixes") else ""
    hint = [f"  {entry['hint']}"] if "hint" in entry else []
    return [f"unit ({entry['kind']}{suffixes}): {entry['meaning']}", *hint]


def event(compiled: Compiled, name: str) -> list[str]:
    """An event of the journal with its fields; `event.field` is one of them."""
    kind, _, part = name.partition(".")
    entry = compiled.sources.documents["events"].data["events"].get(kind)
    if entry is None or (part and part not in entry["fields"]):
        return []
    if part:
        return [f"field of the event {kind}", *_fields({part: entry["fields"][part]})]
    counted = " Windows may count it." if entry.get("window") == "true" else ""
    return [f"event: {entry['meaning']}{counted}", *_fields(entry["fields"]), *_counts(compiled.document, kind)]


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
    width = max(map(len, fields), default=0)
    return [
        f"  {name:{width}}  {_unit(field)}: {field.get('meaning', '')}{_empty(field)}" for name, field in fields.items()
    ]


def _unit(field: Mapping[str, Any]) -> str:
    words = f" of {', '.join(field['values'])}" if "values" in field else ""
    return f"{field['unit']}{words}" if "unit" in field else f"record {field['record']}"


def _empty(field: Mapping[str, Any]) -> str:
    return f" Null: {field['none']}." if "none" in field else ""


def _counts(document: Mapping[str, Any], kind: str) -> list[str]:
    found = [f"window {name}" for name, window in document["windows"].items() if _events_of(window) == kind]
    found += [f"breaker {b['id']}" for b in document["breakers"] if b.get("on") == kind]
    return [f"  read by {', '.join(found)}"] if found else []


def _events_of(window: Mapping[str, Any]) -> str:
    """The event that a window looks at: named by itself, or by the fields that it adds up."""
    return str(window[kind_of(window)]).partition(".")[0].split("(")[-1]


def state(compiled: Compiled, name: str) -> list[str]:
    """A state file or log of a run, by its name or its file's, with its fields; `file.field` is one of them."""
    data = compiled.sources.documents["state"].data
    for part in ("files", "logs"):
        for key, entry in data[part].items():
            fields = {**(data["header"] if part == "files" else {}), **entry.get("fields", {})}
            if name in (key, entry["file"], entry["file"].rpartition("/")[2]):
                return [f"{entry['file']}, written by {entry['owner']}: {entry['meaning']}", *_fields(fields)]
            if name.startswith(f"{key}.") and (field := fields.get(name.removeprefix(f"{key}."))) is not None:
                return [f"field of {entry['file']}", *_fields({name.removeprefix(f"{key}."): field})]
    return []


def problem(compiled: Compiled, name: str) -> list[str]:
    """A code of `hedgerow check`; of a lint, how loud it is and what to do about it."""
    del compiled
    if name not in CODES:
        return []
    lint = LINTS.get(name)
    if lint is None:
        return [f"problem of `hedgerow check`: {CODES[name]}"]
    asked = f" with `{lint.asked}`" if lint.asked else ""
    return [
        f"lint of `hedgerow check`{asked}, shipped as {lint.level}: {CODES[name]}",
        f"  {lint.remedy}",
        f"  louder or silent: `lints: {{{name}: {{level: …, why: …}}}}` in rules/lints.yaml; "
        f"one line: `# hedgerow: ignore {name} REASON`",
    ]


def refusal(compiled: Compiled, name: str) -> list[str]:
    """A reason that the engine itself gives."""
    if name == compiled.document["head"]["subject"]["unknown"]:
        return ["reason of the engine: the order names no symbol of the universe"]
    return [f"reason of the engine: {what}" for reason, what in REFUSALS.items() if reason == name]


def producer(compiled: Compiled, name: str) -> list[str]:
    """Who produces facts, and which."""
    what = compiled.sources.documents["facts"].data["producers"].get(name)
    if what is None:
        return []
    made = [fact for fact, entry in compiled.document["facts"].items() if entry["from"] == name]
    return [f"producer of facts: {what}", f"  {', '.join(made)}"]


def environment(compiled: Compiled, name: str) -> list[str]:
    """An environment: the layers that it replaces."""
    risk = compiled.sources.documents["risk"]
    entry = risk.data.get("environments", {}).get(name)
    if entry is None:
        return []
    lines = [f"environment, compiled by `--env {name}`; {risk.source(('environments', name))}"]
    for layer, caps in entry.items():
        lines += _replaced(layer, caps.items())
    return lines


def _replaced(layer: str, caps: Iterable[tuple[str, Any]]) -> list[str]:
    return [
        f"  {layer} {name}: {', '.join(f'{cap} {v}' for cap, v in value.items())}"
        if isinstance(value, dict)
        else f"  {layer}: {name} {value}"
        for name, value in caps
    ]
