"""Every tool is told of the same rooms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.architecture.sources import PYPROJECT, ROOMS, ROOT, python_files

NOT_PACKAGES = frozenset({"build", "docs", "rules", "schemas", "tests"})


def packages_in(root: Path) -> list[str]:
    """Every folder with an `__init__.py`, in dots."""
    folders = (path.parent.relative_to(root).parts for path in root.rglob("__init__.py"))
    return sorted(".".join(parts) for parts in folders if parts and _is_of_the_house(parts[0]))


def _is_of_the_house(room: str) -> bool:
    return room not in NOT_PACKAGES and not room.startswith(".")


def missing_or_superfluous(pyproject: Mapping[str, Any], root: Path) -> list[str]:
    """Where the packages that pyproject lists differ from the folders that are packages."""
    listed, found = pyproject["tool"]["setuptools"]["packages"], packages_in(root)
    return [f"not listed: {name}" for name in found if name not in listed] + [
        f"not a package: {name}" for name in listed if name not in found
    ]


def test_the_listed_packages_are_those_that_exist() -> None:
    """A package that setuptools is not told of is missing from an install."""
    assert missing_or_superfluous(PYPROJECT, ROOT) == []


def test_every_folder_with_code_is_a_package() -> None:
    """A forgotten `__init__.py` makes a namespace, which the floors do not see."""
    folders = {path.rpartition("/")[0] for path in python_files(*ROOMS)}

    assert [folder for folder in sorted(folders) if not (ROOT / folder / "__init__.py").exists()] == []


def test_no_folder_of_tests_is_a_package() -> None:
    """Else tests/engine would shadow engine."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_setuptools_mypy_and_the_floors_name_the_same_rooms() -> None:
    """A new room stands on a floor and is type-checked from its first day."""
    tool = PYPROJECT["tool"]

    assert {name.partition(".")[0] for name in tool["setuptools"]["packages"]} == set(ROOMS)
    assert set(tool["mypy"]["files"]) == set(ROOMS)


def test_a_package_too_many_and_one_too_few_are_found(tmp_path: Path) -> None:
    """Both ways, and folders that hold no code of the house are left out."""
    for folder in ("engine", "engine/backends", "tests/x", ".venv/lib"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
    planted = {"tool": {"setuptools": {"packages": ["engine", "cli"]}}}

    assert missing_or_superfluous(planted, tmp_path) == ["not listed: engine.backends", "not a package: cli"]
