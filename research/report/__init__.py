"""The report of a run: one page that opens offline, from the run's journal and the universes that decided.

`reading.py` goes through the journal once; `curve`, `exposure`, `headroom`, `flow`, `trades` and `diary` each collect
one thing from it, and what state files say is taken from their own views. `attention.py` asks what a person must look
at. `charts.py` and `risk_charts.py` draw, with `drawing/`; `page.py` fills `templates/`.
"""

from pathlib import Path

from execution.journal import Journal
from execution.state.files import Files
from research.report.reading import NothingToReport, read
from universe.reader import Universe

__all__ = ["FILE", "NothingToReport", "write_report"]

FILE = "report.html"


def write_report(folder: Path, journal: Journal, universe: Universe) -> Path:
    """Write the page of a run into its folder, as its journal stands now; where it is.

    Args:
        folder: the run's.
        journal: the run's, open for reading or writing.
        universe: the one that decides now.

    Raises:
        NothingToReport: the run has not worked through its first bar.
        JournalFault: an event can't be read.
        OSError: the page can't be written.
    """
    from research.report.page import page

    path = folder / FILE
    Files().replace(path, page(read(folder, journal, universe)).encode())
    return path
