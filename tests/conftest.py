"""What tests of the shipped rules share: the project's folder, its compiled rules, and a copy that may be edited."""

import gc
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from generator.compile.finish import file_text
from generator.compile.stages import Compiled, compile_universe
from universe.reader import Universe, parse

ROOT: Final = Path(__file__).resolve().parents[1]
TODAY: Final = date(2026, 11, 21)
PAIRS: Final = "rules/scenarios/at_cap.yaml"
SOURCES: Final = ("rules/**/*.yaml", "schemas/*.yaml", "universe/venues/*.json", "universe/universe.json")

# No law is timed: how long an example takes says more of what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# Thirty times the usual examples of each law that says `thorough`.
settings.register_profile("soak", max_examples=3000, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run of the tests may be told: for how long doors are fuzzed."""
    parser.addoption("--fuzz-seconds", type=float, default=60.0, help="for how long each door is fuzzed (60)")


def pytest_collection_finish() -> None:
    """What has been collected lives to the end, and need not be looked at whenever garbage is; nor is there much of it,
    so that looking seldom saves a sixth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def compiled(root: Path) -> Compiled:
    """The shipped rules, compiled for prod."""
    return compile_universe(root, today=TODAY)


@pytest.fixture(scope="session")
def universe(compiled: Compiled) -> Universe:
    """The universe that the shipped rules make, read back from its text."""
    return parse(file_text(compiled.document))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the rules, catalogs, venues and universe in a folder of its own, without the generated pairs of
    examples: they are most of what a command would read.
    """
    return copied(tmp_path / "project", without=(PAIRS,))


@pytest.fixture
def whole_project(tmp_path: Path) -> Path:
    """The same with the generated pairs."""
    return copied(tmp_path / "project")


def copied(folder: Path, *, without: Sequence[str] = ()) -> Path:
    """The shipped sources in a folder of their own, but for some files."""
    for pattern in SOURCES:
        for path in ROOT.glob(pattern):
            name = path.relative_to(ROOT)
            if name.as_posix() not in without:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, folder / name)
    return folder
