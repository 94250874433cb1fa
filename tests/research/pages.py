"""Pages as tests read them: the words that a person sees, the tables as cells, the charts as XML."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from execution.journal import Journal
from research.report import write_report
from tests.execution.story import Story
from universe.reader import Universe

HASH: Final = re.compile(r"\b[0-9a-f]{12,64}\b")
LINE: Final = re.compile(r"(?<=\.yaml):[0-9]+")
LINES: Final = frozenset("h1 h2 h3 p li tr dt dd figcaption footer div ul dl".split())
UNSEEN: Final = frozenset("style svg title".split())


class _Words(HTMLParser):
    """Collects what is seen, a line for each block; cells of a row are apart by a bar."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.hidden = 0
        self.cell = False
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in UNSEEN
        if tag in LINES:
            self.lines.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = True
            self.rows[-1].append("")
            self.lines[-1] += " | " if self.lines[-1] else ""

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in UNSEEN
        self.cell = self.cell and tag not in ("td", "th")
        if tag in LINES:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.lines[-1] += data
            if self.cell:
                self.rows[-1][-1] += data


def _read(html: str) -> _Words:
    words = _Words()
    words.feed(html)
    return words


def words_of(html: str) -> str:
    """What a person reads, a line for each heading, paragraph and row, without hashes and line numbers of rules."""
    lines = (" ".join(line.split()) for line in _read(html).lines)
    return LINE.sub(":N", HASH.sub("…", "\n".join(line for line in lines if line)))


def rows_of(html: str) -> list[list[str]]:
    """Every row of every table, as the texts of its cells."""
    return [[" ".join(cell.split()) for cell in row] for row in _read(html).rows]


def charts_of(html: str) -> list[ElementTree.Element]:
    """Every chart, parsed as XML: one that is not well formed raises."""
    return [ElementTree.fromstring(text) for text in re.findall(r"<svg.*?</svg>(?=<svg|</div>|</td>|\s)", html, re.S)]


def page_of(story: Story, universe: Universe) -> str:
    """The page of a told run."""
    story.journal.close()
    with Journal.read(story.folder) as journal:
        return write_report(story.folder, journal, universe).read_text(encoding="utf-8")


def folder_page(folder: Path, universe: Universe) -> str:
    """The page of a run's folder."""
    with Journal.read(folder) as journal:
        return write_report(folder, journal, universe).read_text(encoding="utf-8")
