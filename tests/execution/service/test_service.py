import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from engine import Engine
from execution.state.log import existing
from generator.compile.finish import file_text
from generator.compile.stages import Compiled
from tests.execution.service.orders import order, split
from tests.execution.service.served import Served
from universe.decision_log import whole
from universe.integrity import fingerprint
from universe.reader import Universe

pytest.importorskip("aiohttp", reason="the service is of the extra `serve`")
pytest.importorskip("prometheus_client", reason="the service is of the extra `serve`")

TOKEN: Final = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service logs."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def served(root: Path, log: Path) -> Iterator[Served]:
    """A service on loopback, by the shipped rules."""
    made = Served(root, "--log", str(log))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def engine(universe: Universe) -> Engine:
    """An engine by the same rules, here."""
    return Engine(universe.ruleset)


def records(folder: Path) -> list[str]:
    """Every whole record of a service's log."""
    lines = [line for path in existing(folder / "execution", "decisions") for line in path.read_text().splitlines()]
    return [record for _, record in whole((str(n), line) for n, line in enumerate(lines))]


def settled(log: Path, count: int) -> list[str]:
    """The records, once so many are written."""
    for _ in range(100):
        if len(found := records(log)) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(records(log))} of {count} records are written")


def test_when_one_order_is_asked_about_then_the_answer_is_the_engines_own_record(
    served: Served, engine: Engine, universe: Universe, log: Path
) -> None:
    """For the allowed, the vetoed and the account alike; and each is in the log to the byte."""
    small, large = order(universe), order(universe, quantity="100")
    expected = [engine.decide(small), engine.decide(large), engine.decide(small, "account")]
    found = [
        served.ask("/v1/decide", small),
        served.ask("/v1/decide", large),
        served.ask("/v1/decide?scope=account", small),
    ]

    assert [status for status, _ in found] == [200, 200, 200]
    assert [answer for _, answer in found] == [json.loads(decision.to_json()) for decision in expected]
    assert [decision.allowed for decision in expected[:2]] == [True, False]
    assert {decision.to_json() for decision in expected} <= set(settled(log, 3))


def test_when_a_batch_shares_facts_then_each_item_is_decided_as_if_it_had_brought_them(
    served: Served, engine: Engine, universe: Universe, log: Path
) -> None:
    """Account and symbol facts once; an item whose facts are wrong is a veto in its place."""
    account, of_btc, own = split(order(universe))
    _, of_eth, other = split(order(universe, "ETHUSDT", "1000"))
    batch = {"shared": account, "subjects": {"BTCUSDT": of_btc, "ETHUSDT": of_eth}, "items": [own, {"x": 1}, other, 7]}
    (status, brief), (_, long) = (
        served.ask("/v1/decide/batch", batch),
        served.ask("/v1/decide/batch", {**batch, "facts": True}),
    )
    first, wrong, last, seven = long["decisions"]

    assert status == 200
    assert first == json.loads(engine.decide(order(universe)).to_json())
    assert last == json.loads(engine.decide(order(universe, "ETHUSDT", "1000")).to_json())
    assert [d["decision"] for d in long["decisions"]] == ["allow", "veto", "veto", "veto"]
    assert [wrong["vetoes"][0]["reason"], seven["vetoes"][0]["reason"]] == ["input_invalid"] * 2
    assert brief["decisions"] == [{k: v for k, v in d.items() if k != "facts"} for d in long["decisions"]]
    assert json.dumps(last, separators=(",", ":"), ensure_ascii=True) in settled(log, 8)


WRONG: Final[dict[str, tuple[str, bytes, int, str]]] = {
    "no JSON": ("/v1/decide", b"{", 400, "input_invalid"),
    "no JSON in a batch": ("/v1/decide/batch", b'{"items":[,]}', 400, "input_invalid"),
    "a key twice": ("/v1/decide", b'{"order":{"side":"BUY","side":"SELL"}}', 400, "input_invalid"),
    "a key twice in a batch": ("/v1/decide/batch", b'{"items":[],"items":[{}]}', 400, "input_invalid"),
    "no UTF-8": ("/v1/decide", b'{"order":{"side":"\xff"}}', 400, "input_invalid"),
    "nested too deeply": ("/v1/decide", b'{"a":' * 9 + b"1" + b"}" * 9, 400, "input_invalid"),
    "nested without end": ("/v1/decide", b"[" * 200_000, 400, "input_invalid"),
    "no batch": ("/v1/decide/batch", b"[]", 400, "input_invalid"),
    "an unknown part": ("/v1/decide/batch", b'{"items":[],"mode":"allow"}', 400, "input_invalid"),
    "an unknown scope": ("/v1/decide?scope=all", b"{}", 400, "input_invalid"),
    "too many items": ("/v1/decide/batch", b'{"items":[' + b"{}," * 10_000 + b"{}]}", 413, "too_large"),
    "too long": ("/v1/decide", b'{"order":{"side":"' + b"B" * 300_000 + b'"}}', 413, "too_large"),
    "much too long": ("/v1/decide/batch", b" " * 16_000_001, 413, "too_large"),
    "too much to answer": (
        "/v1/decide/batch",
        b'{"facts":true,"shared":{"order":{"side":"' + b"B" * 700_000 + b'"}},"items":[' + b"{}," * 99 + b"{}]}",
        413,
        "too_large",
    ),
    "no such place": ("/v2/decide", b"{}", 404, "no_such_request"),
    "no such method": ("/health", b"{}", 405, "no_such_request"),
}


@pytest.mark.parametrize("name", WRONG)
def test_when_a_request_is_wrong_then_it_is_refused_with_a_reason(served: Served, name: str) -> None:
    """It is never an allow, and the service goes on."""
    path, text, status, code = WRONG[name]
    found, answer = served.ask(path, text=text)

    assert (found, answer["error"]["code"]) == (status, code)
    assert answer["error"]["text"]
    assert served.ask("/ready") == (200, {"ready": True})


@pytest.mark.parametrize("text", [b"[]", b"7", b'"order"', b"null", b'{"ordr":{}}', b"{}"])
def test_when_the_facts_are_of_another_shape_then_the_answer_is_a_veto(served: Served, text: bytes) -> None:
    """As by `hedgerow decide`."""
    status, answer = served.ask("/v1/decide", text=text)

    assert (status, answer["decision"]) == (200, "veto")


def test_when_a_page_of_another_place_posts_a_form_then_it_is_refused(served: Served) -> None:
    """A browser sends no JSON elsewhere without asking first."""
    assert served.ask("/v1/decide", text=b"{}", Content_Type="text/plain")[0] == 415


def test_when_decisions_were_given_then_they_are_counted(served: Served, universe: Universe) -> None:
    """By outcome and by reason, with the universe that decides and the age of its file."""
    served.ask("/v1/decide", order(universe, quantity="100"))
    status, page = served.ask("/metrics")

    assert status == 200
    assert 'hedgerow_decisions_total{decision="veto",scope="order"}' in page
    assert f'universe="{universe.ruleset.universe_hash}"' in page
    assert "hedgerow_vetoes_total{" in page
    assert "hedgerow_universe_age_seconds " in page


def test_when_its_document_is_asked_for_then_it_says_every_fact_and_holds_for_what_is_sent(
    served: Served, universe: Universe
) -> None:
    """Generated from the catalogs; requests and answers of these tests are valid by it."""
    import jsonschema

    _, document = served.ask("/v1/openapi.json")
    schemas = document["components"]["schemas"]

    def holds(name: str, data: Any) -> bool:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return jsonschema.Draft202012Validator(schema).is_valid(data)

    named = {f"{g}.{n}" for g, entry in schemas["Facts"]["properties"].items() for n in entry["properties"]}
    assert named == {fact.name for fact in universe.ruleset.supplied}
    for facts in (order(universe), order(universe, quantity="100")):
        assert holds("Facts", facts)
        assert holds("Decision", served.ask("/v1/decide", facts)[1])
    assert not holds("Facts", {"order": {"sied": "BUY"}})
    assert not holds("Facts", {"order": {"side": "HOLD"}})
    assert holds("Batch", {"shared": {}, "items": [order(universe)]})
    assert holds("Error", served.ask("/v1/decide", text=b"{")[1])


def test_when_a_token_is_asked_for_then_nobody_without_it_gets_an_answer(
    root: Path, tmp_path: Path, universe: Universe
) -> None:
    """But whether it lives; at a Unix socket as anywhere, which only its owner can open."""
    file, socket = tmp_path / "token", tmp_path / "s.sock"
    file.write_text(TOKEN)
    file.chmod(0o600)
    served = Served(root, "--log", str(tmp_path), "--socket", str(socket), "--token-file", str(file))
    try:
        asked = [served.ask(path)[0] for path in ("/health", "/ready", "/metrics", "/v1/universe", "/v1/openapi.json")]
        wrong = [
            served.ask("/v1/decide", order(universe), Authorization=bearer)[0]
            for bearer in ("", "Bearer", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", f"Basic {TOKEN}")
        ]
        right = served.ask("/v1/decide", order(universe), Authorization=f"Bearer {TOKEN}")

        assert asked == [200, 200, 401, 401, 401]
        assert wrong == [401] * 6
        assert (right[0], right[1]["decision"]) == (200, "allow")
        assert oct(socket.stat().st_mode)[-3:] == "600"
    finally:
        code, _, _ = served.stop()
    assert (code, socket.exists()) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (("--host", "0.0.0.0"), {}, 2, "not this machine alone"),
        (("--host", "::"), {}, 2, "not this machine alone"),
        (("--host", "example.org"), {}, 2, "no address"),
        ((), {"HEDGEROW_TOKEN": "short"}, 2, "no token"),
        ((), {"HEDGEROW_TOKEN": ""}, 2, "no token"),
        (("--token-file", "/nowhere"), {}, 3, "can't be read"),
        ((), {"HEDGEROW_PUBLIC_KEY": "ed25519:" + "A" * 43 + "="}, 2, "not signed"),
    ],
)
def test_when_it_would_be_open_to_others_or_can_trust_nothing_then_it_does_not_start(
    root: Path, arguments: tuple[str, ...], environment: dict[str, str], code: int, said: str
) -> None:
    """A setting that was meant and is broken ends it, before anybody can ask."""
    found, _, errors = Served(root, *arguments, **environment).stop()

    assert (found, said in errors) == (code, True)


def replaced(path: Path, document: dict[str, Any]) -> str:
    """Put another universe in a file, as a compile does: its hash."""
    document["universe"] = fingerprint(document)
    draft = path.with_name("draft")
    draft.write_text(json.dumps(document), encoding="utf-8")
    draft.replace(path)
    return str(document["universe"])


def test_when_the_universe_changes_under_load_then_each_answer_is_by_one_of_both(
    root: Path, tmp_path: Path, universe: Universe, compiled: Compiled
) -> None:
    """Every request is answered, by the old rules and from some moment on by the new; a bad file changes nothing."""
    path = Path(shutil.copy(root / "universe/universe.json", tmp_path / "universe.json"))
    document = json.loads(file_text(compiled.document))
    document["sources"].append({"path": "rules/other.yaml", "sha256": "0" * 64})
    served = Served(root, "--log", str(tmp_path / "log"), "--universe", str(path))
    found: list[tuple[int, str]] = []
    over = threading.Event()

    def asking() -> None:
        while not over.is_set():
            status, answer = served.ask("/v1/decide", order(universe))
            found.append((status, answer.get("universe")))

    threads = [threading.Thread(target=asking) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        path.with_name("draft").write_text("{")
        path.with_name("draft").replace(path)
        time.sleep(1.5)
        refused = served.ask("/v1/universe")[1]["universe"]
        after = replaced(path, document)
        for _ in range(200):
            if found and found[-1][1] == after:
                break
            time.sleep(0.05)
    finally:
        over.set()
        for thread in threads:
            thread.join()
        code, out, errors = served.stop()

    before = universe.ruleset.universe_hash
    assert refused == before
    assert {status for status, _ in found} == {200}
    assert {name for _, name in found} == {before, after}
    assert (code, "universe refused: " in errors, f"universe activated: {after}" in errors) == (0, True, True)
    assert "stopped; every decision is logged" in out
    assert len(records(tmp_path / "log")) == len(found)
    assert len(list((tmp_path / "log/universes").iterdir())) == 2
