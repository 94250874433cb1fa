"""The log of decisions at line rate: what stands on a line, and the whole record that it stands for.

Facts that many decisions share are logged once, as a version that lines refer to by its hash; rules too. So such a log
has three kinds of lines, and begins with one of the first:

    {"log":1,"ruleset":"sha256:…","universe":"sha256:…"}       the rules that decide from here on; forgets all versions
    {"version":"0123456789abcdef","facts":{…}}                 facts that lines below refer to
    {"decision":"allow","id":…,…,"facts":{…},"with":["0123456789abcdef",…]}

A line's facts are those of the versions that it names, one over the other, and over them its own. That the record is
the one that was decided, to the byte, its id says: the hash of its universe and all its facts.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from engine.layout import dump, template
from engine.nesting import flat, merged
from engine.reason import Told, decision_id, rules_part

FORMAT: Final = 1
_FACTS: Final = ',"facts":'
_WITH: Final = ',"with":'
_REASONS: Final = ',"vetoes":'
_NAME_DIGITS: Final = 16


MAX_LINE: Final = 1_000_000
# Of a decision with longer facts there is no line: what else stands on one takes less than what is left.
MAX_FACTS: Final = 800_000


class LogFault(ValueError):
    """A line of a log that is no decision; `place` says which."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


class SupportsReadline(Protocol):
    """A file that gives its lines."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or as much of it as was asked for; nothing at the end."""


def lines_of(path: Path, name: str = "") -> Iterator[tuple[str, str]]:
    """The lines of a log that hold something, to the byte, with their places; a path that ends in .gz is compressed.

    Args:
        path: the file.
        name: what to call it in places; its path, if nothing.

    Raises:
        OSError: it can't be read.
        LogFault: a line is no text, or too long.
    """
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        number = 0
        while line := _line(file, f"{name or path}:{number + 1}"):
            number += 1
            place = f"{name or path}:{number}"
            if len(line) > MAX_LINE:
                raise LogFault(place, f"the line is longer than {MAX_LINE} bytes")
            try:
                text = line.decode().removesuffix("\n")
            except UnicodeDecodeError:
                raise LogFault(place, "the line is not UTF-8") from None
            if text.strip():
                yield place, text


def _line(file: SupportsReadline, place: str) -> bytes:
    try:
        return file.readline(MAX_LINE + 1)
    except (EOFError, zlib.error):
        raise LogFault(place, "the compressed log ends too soon") from None


def head_line(rules: str) -> str:
    """The line from which on these rules decide, named as in a record."""
    return f'{{"log":{FORMAT}{rules}}}\n'


def version_line(name: str, facts: str) -> str:
    """The line of a version, of facts in canonical JSON."""
    return f'{{"version":"{name}"{_FACTS}{facts}}}\n'


def version_name(facts: str) -> str:
    """What a version is called: by the hash of its facts, as far as a log of decisions needs it."""
    return hashlib.sha256(facts.encode()).hexdigest()[:_NAME_DIGITS]


def decision_line(told: Told, names: str) -> str:
    """The line of a decision.

    Args:
        told: the decision.
        names: the names of the versions that hold what it shares with others, as `names_of_versions` gives them.
    """
    return f"{told.before}{told.after}{_FACTS}{told.own}{_WITH}{names}}}\n"


def names_of_versions(names: Sequence[str]) -> str:
    """How a line names versions."""
    return json.dumps(names, separators=(",", ":"))


def whole(
    lines: Iterable[tuple[str, str]], torn: Callable[[str], object] = lambda place: None
) -> Iterator[tuple[str, str]]:
    """The whole records of a log's lines, each with its place.

    Args:
        lines: the lines with their places, in order; those of one file after those of another. A log that begins
            otherwise holds whole records, which pass as they are.
        torn: told the place of a last line that was cut off when its writer died; it stands for nothing.

    Raises:
        LogFault: any other line stands for no decision, or not for the one whose id it bears.
    """
    reading, fault = _Reading(), None
    for place, line in lines:
        begins = line.startswith('{"log":')
        if fault is not None:
            if not begins:
                raise fault
            torn(fault.place)
        fault = None
        try:
            record = reading.take(line)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            fault = LogFault(place, f"no line of a log of decisions: {type(error).__name__} {error}")
            continue
        if record is not None:
            yield place, record
    if fault is not None:
        torn(fault.place)


class _Reading:
    """The rules and versions that a line may refer to."""

    def __init__(self) -> None:
        self._rules: str | None = None
        self._universe = ""
        self._versions: dict[str, Mapping[str, Any]] = {}

    def take(self, line: str) -> str | None:
        """The record that a line stands for, if it stands for one."""
        if line.startswith('{"log":'):
            entry = json.loads(line)
            if entry["log"] != FORMAT:
                raise ValueError(f"a log of format {entry['log']}, and this version reads {FORMAT}")
            self._rules, self._universe = rules_part(entry["ruleset"], entry["universe"]), entry["universe"]
            self._versions.clear()
        elif line.startswith('{"version":'):
            entry = json.loads(line)
            self._versions[entry["version"]] = entry["facts"]
        elif self._rules is None:
            return line  # of a log that holds whole records
        else:
            return self._expanded(line)
        return None

    def _expanded(self, line: str) -> str:
        assert self._rules is not None
        head, _, rest = line.partition(_FACTS)
        own, _, names = rest.rpartition(_WITH)
        before, found, after = head.partition(_REASONS)
        if not found or not own:
            raise ValueError("the line is cut off")
        facts = json.loads(own)
        for name in reversed(json.loads(names[:-1])):
            facts = merged(self._versions[name], facts)
        text = canonical(facts)
        record = f"{before}{self._rules}{_REASONS}{after}{_FACTS}{text}}}"
        if f'"id":"{decision_id(self._universe, text)}"' not in before:
            raise ValueError("its facts are not those that were decided on")
        return record


def canonical(facts: Mapping[str, Any]) -> str:
    """Nested facts in the canonical JSON of a record: by their dotted names, in order."""
    return template({name: dump(value) for name, value in sorted(flat(facts))})
