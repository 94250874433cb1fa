"""`hedgerow venue refresh` as a person meets it: the diff first, the file only when it is asked for."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from cli.commands.venue import FILE, KEY, SECRET
from cli.main import main
from tests.execution.venue_server import KEY as OUR_KEY
from tests.execution.venue_server import SECRET as OUR_SECRET
from tests.execution.venue_server import Answers, serving
from tests.execution.venue_words import bracket_of, contract, exchange_info
from universe.venue import read_venue_file

RECORDED: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "binance_usdm"
DEMO: Final = RECORDED / "exchange_info" / "exchangeInfo_demo_2026-09_BTC_ETH.json"
TIERS: Final = RECORDED / "leverage_tiers" / "binance_leverage_tiers_2026-09.json.gz"
recorded = pytest.mark.skipif(not DEMO.is_file(), reason="the shared recordings are not beside this checkout")

Refresh = Callable[..., Result]


@pytest.fixture
def refresh(project: Path, monkeypatch: pytest.MonkeyPatch) -> Refresh:
    """Runs the command in a project of its own, by a venue on this machine or by what is given."""
    for name in (KEY, SECRET):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, **keys: str) -> Result:
        runner = CliRunner(env={"COLUMNS": "80", **keys})
        return runner.invoke(main, ["--root", str(project), "venue", "refresh", *arguments])

    return run


def words(folder: Path) -> str:
    """A recording of two contracts that are not quite as the shipped file has them."""
    file = folder / "info.json"
    entries = contract("BTCUSDT"), contract("ETHUSDT", status="BREAK")
    file.write_text(json.dumps(exchange_info(*entries)), encoding="utf-8")
    return str(file)


def brackets_of(*symbols: str) -> list[dict[str, Any]]:
    """The venue's answer about brackets, rebuilt of the recorded table's own rows; of those that it has."""
    tiers = json.loads(gzip.decompress(TIERS.read_bytes()))
    keys = {symbol: f"{symbol.removesuffix('USDT')}/USDT:USDT" for symbol in symbols}
    return [{"symbol": s, "brackets": [row["info"] for row in tiers[key]]} for s, key in keys.items() if key in tiers]


def test_when_something_changed_then_it_is_shown_and_nothing_is_written(project: Path, refresh: Refresh) -> None:
    """The answer is no until a person says yes; each line says which way."""
    before = (project / FILE).read_bytes()
    result = refresh("--from", words(project), "--symbol", "BTCUSDT", "--symbol", "ETHUSDT")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "tighter  BTCUSDT  max_quantity: 1000 → 120",
        "other    BTCUSDT  assumed min_quantity: "
        "the precision cache says 0.0001, below the step; raised to the step → gone",
        "tighter  ETHUSDT  tick: 0.01 → 0.1",
        "tighter  ETHUSDT  max_quantity: 10000 → 120",
        "tighter  ETHUSDT  min_notional: 20 → 100",
        "4 tighter, 1 other",
    ]
    assert result.stderr.splitlines() == [
        "ETHUSDT: the venue says PERPETUAL, BREAK",
        "brackets: as they were; the venue tells them to accounts alone",
        "nothing was written",
        "help: --yes writes universe/venues/binance_usdm.json",
    ]
    assert (project / FILE).read_bytes() == before


def test_when_a_person_says_yes_then_the_file_is_replaced_and_the_next_refresh_finds_nothing(
    project: Path, refresh: Refresh
) -> None:
    """The rules compile by it as before, and by what the venue says now."""
    given = ("--from", words(project), "--symbol", "BTCUSDT")
    written, again = refresh(*given, "--yes"), refresh(*given)
    file = read_venue_file((project / FILE).read_text(encoding="utf-8"))

    assert (written.exit_code, again.exit_code, again.stdout) == (0, 0, "nothing changed\n")
    assert str(file.symbols["BTCUSDT"].max_quantity) == "120"
    assert file.sources["tick, step, min_quantity, max_quantity, min_notional of BTCUSDT"].startswith("info.json")
    assert CliRunner().invoke(main, ["--root", str(project), "check"]).exit_code == 0
    assert [p.name for p in (project / FILE).parent.iterdir() if p.name.startswith(".")] == []


def test_when_another_file_is_named_then_that_is_written_and_ours_stays(
    project: Path, refresh: Refresh, tmp_path: Path
) -> None:
    """For whoever reviews before it is taken over."""
    before, out = (project / FILE).read_bytes(), tmp_path / "new.json"
    result = refresh("--from", words(project), "--symbol", "BTCUSDT", "--out", str(out), "--json")

    assert result.exit_code == 0
    assert [json.loads(line)["part"] for line in result.stdout.splitlines()] == ["max_quantity", "assumed min_quantity"]
    assert (
        read_venue_file(out.read_text(encoding="utf-8")).symbols.keys()
        == read_venue_file(before.decode()).symbols.keys()
    )
    assert (project / FILE).read_bytes() == before


def test_when_the_venue_is_asked_with_a_key_then_brackets_come_too(refresh: Refresh) -> None:
    """A venue fact that is looser is named so."""
    given = Answers(
        {"exchangeInfo": exchange_info(contract("BTCUSDT")), "leverageBracket": [bracket_of("BTCUSDT", 200)]}
    )
    with serving(given) as url:
        result = refresh("--url", url, "--symbol", "BTCUSDT", **{KEY: OUR_KEY, SECRET: OUR_SECRET})

    assert result.exit_code == 1
    assert "other    BTCUSDT  leverage: 150x at 50000 USDT → 200x at 50000 USDT" in result.stdout
    assert "tighter  BTCUSDT  maintenance margin:" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "keys", "code"),
    [
        (("--url", "http://127.0.0.1:9"), {}, 3),
        (("--url", "http://elsewhere.example"), {}, 3),
        (("--url", "http://127.0.0.1:9"), {KEY: "half"}, 3),
        (("--from", "no/such/file.json"), {}, 3),
        (("--from", "a.json", "--url", "http://127.0.0.1:9"), {}, 2),
    ],
)
def test_when_it_can_not_be_had_then_two_lines_say_so(
    refresh: Refresh, arguments: tuple[str, ...], keys: dict[str, str], code: int
) -> None:
    """What is wrong and the remedy, and never a traceback."""
    result = refresh(*arguments, **keys)

    assert (result.exit_code, result.stdout) == (code, "")
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["error", "help"]


@recorded
def test_when_recorded_answers_are_taken_over_then_what_is_shipped_is_what_they_say(
    refresh: Refresh, tmp_path: Path
) -> None:
    """Of the venue's demo, which has a finer step and a lower minimum; the brackets are those that are shipped."""
    file = tmp_path / "leverageBracket.json"
    file.write_text(json.dumps(brackets_of("BTCUSDT", "ETHUSDT")), encoding="utf-8")
    result = refresh("--from", str(DEMO), "--from", str(file), "--symbol", "BTCUSDT", "--symbol", "ETHUSDT")

    assert result.stdout.splitlines() == [
        "looser   BTCUSDT  step: 0.001 → 0.0001",
        "looser   BTCUSDT  min_quantity: 0.001 → 0.0001",
        "tighter  BTCUSDT  max_quantity: 1000 → 120",
        "looser   BTCUSDT  min_notional: 100 → 50",
        "other    BTCUSDT  assumed min_quantity: "
        "the precision cache says 0.0001, below the step; raised to the step → gone",
        "3 looser, 1 tighter, 1 other",
    ]


@recorded
def test_when_the_whole_market_of_a_day_is_served_then_every_contract_that_it_had_is_read(refresh: Refresh) -> None:
    """Recorded production contracts of 2021, with the brackets of today; two of ours were not listed yet."""
    day = RECORDED / "exchange_info" / "exchangeInfo_2021-07-21.json.gz"
    info = json.loads(gzip.decompress(day.read_bytes()))
    brackets = brackets_of(*(entry["symbol"] for entry in info["symbols"]))
    with serving(Answers({"exchangeInfo": info, "leverageBracket": brackets})) as url:
        result = refresh("--url", url, "--json", **{KEY: OUR_KEY, SECRET: OUR_SECRET})
    gone = [c["symbol"] for c in map(json.loads, result.stdout.splitlines()) if c["part"] == "listed"]

    assert (result.exit_code, gone) == (1, ["SUIUSDT", "WIFUSDT"])
