"""Every state file and every line of a log holds to its schema, and the manifest is what the code writes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from execution.books import Books, Pulse
from execution.events import Filled, Liquidated
from execution.state import Views
from execution.state.lines import LOGS
from execution.state.views import FILES
from generator.compile.stages import Compiled
from tests.execution.story import Story, random_story
from universe.reader import Universe
from universe.trading import ZERO, Side


@pytest.fixture(scope="module")
def schemas(compiled: Compiled) -> dict[str, Draft202012Validator]:
    """The generated schema of each file, by its name."""
    names = [view.name for view in FILES] + [log for log in LOGS if log != "decisions"]
    return {name: Draft202012Validator(compiled.schemas[f"state/{name}"]) for name in names}


@pytest.fixture(scope="module")
def manifest(compiled: Compiled) -> dict[str, Any]:
    """The manifest, as read."""
    found: dict[str, Any] = compiled.sources.documents["state"].data
    return found


@pytest.fixture(scope="module")
def told(universe: Universe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Story, Views]]:
    """A run in which everything happens, a liquidation at its end, and its views."""
    story = random_story(tmp_path_factory.mktemp("told"), universe, seed=8, steps=150)
    story.trade("momentum", "BTCUSDT", Side.BUY, 2 * abs(story.books.ledger.net("BTCUSDT")) + 1)
    story.tell(Liquidated(ZERO, ZERO))
    mark = story.pulse.prices["BTCUSDT"]
    for key, position in [*story.books.ledger.positions.items()][:1]:
        side = Side.SELL if position.sign > 0 else Side.BUY
        story.tell(Filled("liquidation-1", *key, side, mark, abs(position.quantity), ZERO, False, mark))
    story.step()
    views = Views(story.books)
    for entry in story.told:
        views.apply(entry)
    story.journal.close()
    return story, views


def problems(schema: Draft202012Validator, data: Any) -> list[str]:
    """Where data departs from a schema."""
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(data)]


@pytest.mark.parametrize("name", [view.name for view in FILES])
def test_a_state_file_holds_to_its_schema(
    name: str, told: tuple[Story, Views], schemas: dict[str, Draft202012Validator]
) -> None:
    """As text that is read back, in a full life, with and without rules to compare with."""
    story, views = told
    for universe in (story.universe, None):
        assert problems(schemas[name], json.loads(views.render(story.pulse, universe)[name])) == []


@pytest.mark.parametrize("name", [view.name for view in FILES])
def test_a_state_file_of_nothing_holds_to_its_schema(name: str, schemas: dict[str, Draft202012Validator]) -> None:
    """Before the first event: what is unknown is null, never 0."""
    text = Views(Books()).render(Pulse(), None)[name]

    assert problems(schemas[name], json.loads(text)) == []
    assert json.loads(text)["run"] is None


@pytest.mark.parametrize("name", ["nav", "risk_snapshot", "kpis", "positions_state", "positions_ledger"])
def test_a_state_file_without_a_price_holds_to_its_schema(
    name: str, told: tuple[Story, Views], schemas: dict[str, Draft202012Validator]
) -> None:
    """What a missing price makes unknown is null."""
    story, views = told
    text = views.render(Pulse(time=story.now), story.universe)[name]

    assert problems(schemas[name], json.loads(text)) == []
    assert '"unrealised":null' in text.replace(" ", "") or '"nav":null' in text.replace(" ", "")


@pytest.mark.parametrize("name", [log for log in LOGS if log != "decisions"])
def test_each_line_of_a_log_holds_to_its_schema(
    name: str, told: tuple[Story, Views], schemas: dict[str, Draft202012Validator]
) -> None:
    """Every one, of a life in which everything happens."""
    lines = told[1].lines.waiting()[name]

    assert len(lines) > 5
    assert [found for line in lines for found in problems(schemas[name], json.loads(line))] == []


def test_the_manifest_names_what_the_code_writes(manifest: dict[str, Any], root: Path) -> None:
    """Every file and log, in order, and nothing else; each owner is the file of the class that makes it."""
    owners = {view.name: view.__module__.replace(".", "/") + ".py" for view in FILES}

    assert {n: e["owner"] for n, e in manifest["files"].items()} == owners
    assert list(manifest["files"]) == [view.name for view in FILES]
    assert sorted(manifest["logs"]) == sorted(LOGS)
    assert all((root / entry["owner"]).is_file() for entry in manifest["logs"].values())
    assert {e["file"] for e in manifest["files"].values()} == {f"state/{view.name}.json" for view in FILES}
    assert {e["file"] for e in manifest["logs"].values()} == {f"execution/{log}.jsonl" for log in LOGS}


def test_fields_stand_in_the_order_of_the_manifest(manifest: dict[str, Any], told: tuple[Story, Views]) -> None:
    """Whoever reads a file beside the reference finds what comes next."""
    story, views = told
    for name, record in views.records(story.pulse, story.universe).items():
        assert list(record) == [*manifest["header"], *manifest["files"][name]["fields"]], name
    for name, lines in views.lines.waiting().items():
        if name != "decisions":
            assert list(json.loads(lines[0])) == list(manifest["logs"][name]["fields"]), name


def test_a_field_too_many_and_one_too_few_are_found(schemas: dict[str, Draft202012Validator]) -> None:
    """The schemas can fail: at any depth, and on a number that is none."""
    text = Views(Books()).render(Pulse(), None)["risk_snapshot"]
    data = json.loads(text)
    del data["seq"]
    data["drawdown"]["extra"] = 1
    data["gross"]["share"] = "0.10"

    assert problems(schemas["risk_snapshot"], json.loads(text)) == []
    assert len(problems(schemas["risk_snapshot"], data)) == 3
