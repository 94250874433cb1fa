"""The tools of an agent, asked by a real client over the standard streams of a real server."""

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from cli.commands.mcp import PROPOSING, READING
from generator.compile.finish import file_text
from generator.compile.stages import compile_universe
from tests.conftest import ROOT, TODAY
from tests.generator.change.projects import RISK
from tests.generator.change.repository import Repository, repository

pytest.importorskip("mcp", reason="the extra `agent` is not installed")

HEDGEROW: Final = str(Path(sys.executable).with_name("hedgerow"))
PATIENCE: Final = 60
T = TypeVar("T")
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The shipped rules in a repository, compiled, with an edit that nobody has committed; few examples, since each
    patch is tried on all of them.
    """
    folder = tmp_path_factory.mktemp("mcp") / "project"
    few = ("rules/*.yaml", "rules/scenarios/account.yaml", "rules/packs/*.yaml")
    for pattern in (*few, "schemas/*.yaml", "universe/venues/*.json", "docs/agents.md"):
        for path in ROOT.glob(pattern):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    (folder / "universe/universe.json").write_text(
        file_text(compile_universe(folder, today=TODAY).document), encoding="utf-8"
    )
    made = repository(folder, folder)
    made.write(RISK, "LTCUSDT: {symbol_exposure: 8%}", "LTCUSDT: {symbol_exposure: 7%}")
    return made


def session(repo: Repository, talk: Callable[[Any], Awaitable[T]]) -> T:
    """What comes of talking to the server of a project."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    async def meet() -> T:
        server = StdioServerParameters(command=HEDGEROW, args=["--root", str(repo.project), "mcp"])
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            await client.initialize()
            return await talk(client)

    return asyncio.run(asyncio.wait_for(meet(), PATIENCE))


async def answer(client: Any, tool: str, **given: Any) -> Any:
    """What a tool answers, as data; its refusal as text."""
    made = await client.call_tool(tool, given)
    text = made.content[0].text
    return text if made.is_error else json.loads(text)


def test_the_tools_are_those_of_the_list_and_say_whether_they_only_read(repo: Repository) -> None:
    """Reading ones are marked so; none is destructive, none reaches beyond the project; each says what it does."""

    async def talk(client: Any) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in session(repo, talk)}
    assert set(tools) == {*READING, *PROPOSING}
    assert {name for name, tool in tools.items() if tool.annotations.read_only_hint} == set(READING)
    for tool in tools.values():
        assert tool.description
        assert not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint


def test_each_tool_answers_what_its_command_answers(repo: Repository) -> None:
    """As data: where a value comes from, a decision with reasons, room, what an edit means, what holds."""
    facts = {"order": {"symbol": "BTCUSDT", "strategy": "momentum", "quantity": "1", "price": "50000", "side": "BUY"}}

    async def talk(client: Any) -> dict[str, Any]:
        return {
            "explain": await answer(client, "explain", name="BTCUSDT", cap="leverage"),
            "decide": await answer(client, "decide", facts=facts),
            "headroom": await answer(client, "headroom", facts=facts),
            "whatif": await answer(client, "whatif", values={"tiers.CORE.symbol_exposure": "25%"}),
            "diff": await answer(client, "diff", base="main"),
            "run_tests": await answer(client, "run_tests", pattern="kill"),
        }

    found = session(repo, talk)
    assert "set by global in rules/risk.yaml:53" in found["explain"]["explained"]["BTCUSDT leverage"]
    assert found["decide"]["decision"] == "veto"
    assert {"order_notional", "facts_missing"} >= {v["reason"] for v in found["decide"]["vetoes"]}
    rooms = {room["gate"]: room for room in found["headroom"]["gates"]}
    assert (rooms["order_notional"]["observed"], rooms["order_notional"]["headroom"]) == ("50000", "30000")
    assert found["whatif"]["class"] == found["diff"]["class"] == "TIGHTEN"
    assert {c["key"] for c in found["diff"]["changes"]} == {"symbols.LTCUSDT.symbol_exposure"}
    assert found["run_tests"]["run"] > 0


REFUSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "explain": ({"name": "nosuch"}, "nothing is called `nosuch`"),
    "decide": ({"facts": {}, "scope": "moon"}, "`moon` is no scope; there are order, account"),
    "headroom": ({"facts": {"order": 1}}, "order"),
    "whatif": ({"values": {}}, "no value is given"),
    "diff": ({"base": "--output=pwned"}, "`--output=pwned` is no ref"),
    "propose_patch": ({"why": "Less", "values": {"tiers.CORE.spread": "4bps"}}, "`why` is shorter than 10 characters"),
}


def test_a_refusal_is_an_error_in_the_commands_own_words(repo: Repository) -> None:
    """The session goes on after it."""

    async def talk(client: Any) -> dict[str, Any]:
        return {tool: await answer(client, tool, **given) for tool, (given, _) in REFUSED.items()}

    found = session(repo, talk)
    for tool, (_, message) in REFUSED.items():
        assert message in found[tool]
        assert "Traceback" not in found[tool]


def test_an_order_of_nobody_has_room_too(repo: Repository) -> None:
    """Where no strategy is named, what depends on one is not known; the rest is."""

    async def talk(client: Any) -> Any:
        return await answer(client, "headroom", facts={"order": {"symbol": "BTCUSDT", "leverage": "1"}})

    rooms = {room["gate"]: room for room in session(repo, talk)["gates"]}
    assert rooms["leverage"]["headroom"] == "3"
    assert rooms["strategy_exposure"]["headroom"] is None


def test_a_patch_is_tried_and_left_as_a_branch_only_where_it_is_asked_for(repo: Repository) -> None:
    """A try leaves nothing; a veto leaves nothing either; the working tree is never touched."""
    why = "Tighten the spread of the core"

    async def talk(client: Any) -> list[Any]:
        tried = await answer(client, "propose_patch", why=why, values={"tiers.CORE.spread": "4bps"})
        vetoed = await answer(client, "propose_patch", why=why, values={"tiers.CORE.spread": "9bps"}, leave_branch=True)
        return [tried, vetoed]

    before = repo.git("status", "--porcelain"), repo.git("branch", "--list")
    tried, vetoed = session(repo, talk)

    assert isinstance(tried, dict)
    assert tried["class"] == "TIGHTEN"
    assert vetoed["verdict"] == "veto"
    assert (repo.git("status", "--porcelain"), repo.git("branch", "--list")) == before


def test_standard_output_carries_the_protocol_and_nothing_else(repo: Repository) -> None:
    """Commands print; what they print is an answer, never a line between messages."""

    async def talk(client: Any) -> list[Any]:
        return await asyncio.gather(*(answer(client, "explain", name=name) for name in ("BTCUSDT", "route", "nosuch")))

    found = session(repo, talk)
    assert [isinstance(one, dict) for one in found] == [True, True, False]
