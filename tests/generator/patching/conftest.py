"""A repository of the shipped rules for each test."""

from pathlib import Path

import pytest

from tests.generator.patching.repositories import Project, born, copied


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shipped rules in a repository; nobody changes it."""
    return born(tmp_path_factory.mktemp("born") / "project")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same for prod alone, which takes half the time; nobody changes it."""
    return born(tmp_path_factory.mktemp("plain") / "project", environments=False)


@pytest.fixture
def project(plain: Project, tmp_path: Path) -> Project:
    """The shipped rules for prod in a repository, on a branch of their own that leaves `main`."""
    made = copied(plain, tmp_path / "project")
    made.branch("change")
    return made
