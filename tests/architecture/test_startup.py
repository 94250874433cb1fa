"""`hedgerow --help` answers at once."""

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

HEAVY = frozenset({"jinja2", "jsonschema", "rich", "yaml"})
HELP = """
from cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
"""


def heavy_imports(code: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has imported once it has run the code."""
    program = f"import sys\n{code}\nprint(*sys.modules, sep='\\n', file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stderr.splitlines()) & HEAVY


@pytest.mark.skipif(not (ROOT / "cli/main.py").exists(), reason="there is no command line yet")
def test_help_imports_no_heavy_library() -> None:
    """Each costs tens of milliseconds, and a command that needs one imports it when it runs."""
    assert heavy_imports(HELP) == set()


def test_a_heavy_import_is_found() -> None:
    """Also where a library brings in another."""
    assert heavy_imports("import json, yaml") == {"yaml"}
