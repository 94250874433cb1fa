"""What a venue imposes, out of its own words: its API on loopback, through the real library, and recordings of it."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from execution.venues.binance import Account, Binance
from execution.venues.imposed import Recorded, Words, refreshed
from tests.execution.venue_server import KEY, SECRET, Answers, serving
from tests.execution.venue_words import bracket_of, contract, exchange_info
from universe.instruments import Bracket
from universe.venue import VenueFault, VenueFile

EMPTY: Final = VenueFile("binance_usdm", "USDT", {}, {})
READS: Final = Account(KEY, SECRET)


def answers(**more: Any) -> Answers:
    """A venue with two contracts."""
    info = exchange_info(contract("BTCUSDT"), contract("ETHUSDT"))
    return Answers({"exchangeInfo": info, "leverageBracket": [bracket_of("BTCUSDT"), bracket_of("ETHUSDT")]}, **more)


def asked(given: Answers, account: Account | None = READS) -> Words:
    """The words of a venue on this machine, whose clock is not ours."""
    with serving(given) as url:
        return Binance(time.time, account, url).words()


def test_when_an_account_asks_then_contracts_and_brackets_come_signed_by_the_venues_clock() -> None:
    """The signature, the key and the time of the request are checked by the other side."""
    given = answers()
    words = asked(given)
    file, remarks = refreshed(words, EMPTY, ["BTCUSDT", "ETHUSDT"])

    assert given.seen == ["/fapi/v1/exchangeInfo", "/fapi/v1/time", "/fapi/v1/leverageBracket"]
    assert (words.said_by, remarks, tuple(file.symbols)) == ("127.0.0.1", (), ("BTCUSDT", "ETHUSDT"))
    assert file.symbols["BTCUSDT"].brackets == (
        Bracket(Decimal(50_000), Decimal(125), Decimal("0.004"), Decimal(0)),
        Bracket(Decimal(250_000), Decimal(100), Decimal("0.005"), Decimal(50)),
    )


def test_when_nobody_signs_then_brackets_stay_as_they_were() -> None:
    """The venue tells them to accounts alone; everything else it tells everybody."""
    given = answers()
    before, _ = refreshed(asked(answers()), EMPTY, ["BTCUSDT"])
    words = asked(given, account=None)
    after, _ = refreshed(words, before)

    assert given.seen == ["/fapi/v1/exchangeInfo"]
    assert words.brackets is None
    assert after.symbols == before.symbols
    with pytest.raises(VenueFault, match="ETHUSDT: no brackets are known"):
        refreshed(words, before, ["ETHUSDT"])


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"status": 429, "headers": {"Retry-After": "17"}}, "asked too often", "wait 17 s"),
        ({"status": 418}, "asked too often", "wait 60 s"),
        ({"status": 503, "raw": b"<html>busy</html>"}, "status 503", "later"),
        ({"status": 451, "raw": b"{}"}, "answers nobody from here", "--from"),
        ({"raw": b"<html>hello</html>", "headers": {"Content-Type": "text/html"}}, "no JSON", "is it"),
        ({"raw": b"{broken"}, "no JSON", "is it"),
    ],
)
def test_when_the_venue_does_not_answer_then_it_is_said_with_a_remedy(
    change: dict[str, Any], message: str, remedy: str
) -> None:
    """In two lines, whatever stands between us and the venue."""
    with pytest.raises(VenueFault, match=message) as fault:
        asked(replace(answers(), **change))

    assert remedy in fault.value.help


@pytest.mark.parametrize("account", [Account("nobody", SECRET), Account(KEY, "another")])
def test_when_the_key_is_not_taken_then_it_is_said_and_no_secret_is_shown(account: Account) -> None:
    """Neither in the message nor in what is printed of the account."""
    with pytest.raises(VenueFault, match="does not take the key") as fault:
        asked(answers(), account)

    assert account.secret not in f"{fault.value} {fault.value.help} {account!r}"


@pytest.mark.parametrize("url", ["http://fapi.binance.com", "ftp://127.0.0.1", "fapi", "http://127.0.0.1.evil.example"])
def test_when_an_address_is_not_encrypted_then_no_key_is_sent_there(url: str) -> None:
    """But for this machine, where there is nothing to listen in on."""
    with pytest.raises(VenueFault, match="is no address of a venue"):
        Binance(lambda: 0.0, READS, url).words()


def test_when_nobody_listens_then_the_venue_can_not_be_reached() -> None:
    """The address is told, and what to do without it."""
    with serving(answers()) as url:
        pass
    with pytest.raises(VenueFault, match=r"127\.0\.0\.1 can't be reached") as fault:
        Binance(lambda: 0.0, None, url).words()

    assert "--from" in fault.value.help


def test_when_limit_and_market_orders_differ_then_the_stricter_counts() -> None:
    """An order may be sent either way, and the rules don't know which when they decide."""
    file, _ = refreshed(asked(answers()), EMPTY, ["BTCUSDT"])
    btc = file.symbols["BTCUSDT"]

    assert (btc.tick, btc.step, btc.min_quantity, btc.max_quantity, btc.min_notional) == (
        *(Decimal(text) for text in ("0.1", "0.001", "0.001", "120", "100")),
    )


def test_when_a_contract_does_not_trade_or_is_gone_then_that_is_remarked() -> None:
    """What is gone leaves the file, so that rules that name it no longer compile."""
    before, _ = refreshed(asked(answers()), EMPTY, ["BTCUSDT", "ETHUSDT"])
    words = Words(exchange_info(contract("BTCUSDT", status="SETTLING")), [], "a recording")
    after, remarks = refreshed(words, before)

    assert tuple(after.symbols) == ("BTCUSDT",)
    assert after.symbols["BTCUSDT"].brackets == before.symbols["BTCUSDT"].brackets
    assert remarks == (
        "BTCUSDT: the venue says PERPETUAL, SETTLING",
        "BTCUSDT: the venue tells no brackets of it",
        "ETHUSDT: the venue does not list it",
    )


def test_when_one_contract_is_asked_for_then_the_others_stay_and_say_where_they_are_from() -> None:
    """The sources of a file tell the truth about each contract."""
    before, _ = refreshed(asked(answers()), EMPTY, ["BTCUSDT", "ETHUSDT"])
    words = Words(exchange_info(contract("ETHUSDT", baseAsset="ETHER")), None, "another")
    after, _ = refreshed(words, replace(before, sources={"brackets": "then"}), ["ETHUSDT"])

    assert tuple(after.symbols) == ("BTCUSDT", "ETHUSDT")
    assert after.symbols["BTCUSDT"] == before.symbols["BTCUSDT"]
    assert after.symbols["ETHUSDT"].base == "ETHER"
    assert after.sources == {
        "brackets": "then",
        "tick, step, min_quantity, max_quantity, min_notional of ETHUSDT": "another, exchangeInfo of 2026-09-10",
    }


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"symbols": 3},
        {"symbols": [{}]},
        exchange_info(contract("BTCUSDT", filters=[])),
        exchange_info(contract("BTCUSDT", filters=7)),
        exchange_info(contract("BTCUSDT", filters=[{"filterType": "LOT_SIZE", "stepSize": "NaN"}])),
        {**exchange_info(contract("BTCUSDT")), "serverTime": 10**40},
        {"symbols": [contract("BTCUSDT")]},
    ],
)
def test_when_words_have_another_shape_then_they_are_refused(info: Any) -> None:
    """Never a traceback, and never half a contract."""
    with pytest.raises(VenueFault) as fault:
        refreshed(Words(info, [bracket_of("BTCUSDT")], "a recording"), EMPTY, ["BTCUSDT"])

    assert fault.value.help


def test_when_a_number_is_not_positive_or_steps_fit_no_grid_then_the_words_are_refused() -> None:
    """A tick of zero would make every price its multiple."""
    entry = contract("BTCUSDT")
    entry["filters"][0]["tickSize"] = "0"
    with pytest.raises(VenueFault, match="BTCUSDT: 0 is not positive"):
        refreshed(Words(exchange_info(entry), [bracket_of("BTCUSDT")], "x"), EMPTY, ["BTCUSDT"])
    entry = contract("BTCUSDT")
    entry["filters"][2]["stepSize"] = "0.0015"
    with pytest.raises(VenueFault, match="fit no common grid"):
        refreshed(Words(exchange_info(entry), [bracket_of("BTCUSDT")], "x"), EMPTY, ["BTCUSDT"])


def test_when_recordings_are_read_then_each_is_told_by_its_shape(tmp_path: Path) -> None:
    """Contracts and brackets in any order, brackets of all contracts or of one."""
    texts = {
        "info": exchange_info(contract("BTCUSDT")),
        "all": [bracket_of("BTCUSDT")],
        "one": bracket_of("ETHUSDT"),
        "more": exchange_info(contract("ETHUSDT")),
    }
    files = tuple(tmp_path / name for name in texts)
    for file in files:
        file.write_text(json.dumps(texts[file.name]), encoding="utf-8")
    file, remarks = refreshed(Recorded(files).words(), EMPTY, ["BTCUSDT", "ETHUSDT"])

    assert (tuple(file.symbols), remarks) == (("BTCUSDT", "ETHUSDT"), ())


@pytest.mark.parametrize("text", ["", "{", "3", "{}", '{"symbols": 0.1e99999999999}', "[" * 100_000])
def test_when_a_recording_is_none_then_it_is_refused(tmp_path: Path, text: str) -> None:
    """With the file's name and a remedy."""
    file = tmp_path / "words.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VenueFault) as fault:
        refreshed(Recorded((file,)).words(), EMPTY, ["BTCUSDT"])

    assert "words.json" in str(fault.value)


def test_when_the_venue_is_not_asked_then_its_library_is_not_imported() -> None:
    """It takes a third of a second, and whoever doesn't have it can do without."""
    code = "import sys, execution.venues.binance; sys.exit('binance' in sys.modules or 'aiohttp' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_when_the_library_is_not_there_then_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named as it is installed."""
    monkeypatch.setitem(sys.modules, "binance", None)
    with pytest.raises(VenueFault, match="python-binance is not installed") as fault:
        Binance(lambda: 0.0, None, "http://127.0.0.1:1").words()

    assert "[binance]" in fault.value.help
