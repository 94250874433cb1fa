import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.compile.finish import file_text
from generator.compile.stages import Compiled
from universe.integrity import PARTS, WHERE_ANY, fingerprint, hash_of
from universe.reader import UniverseFault, load, parse

Document = dict[str, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def rehashed(compiled: Compiled, change: Callable[[Document], object]) -> str:
    """The shipped universe, changed by someone who knows how its hash is made."""
    document = json.loads(file_text(compiled.document))
    change(document)
    document["universe"] = fingerprint(document)
    return json.dumps(document)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_when_a_hash_is_taken_piece_by_piece_then_it_is_that_of_the_whole(document: Document) -> None:
    """The canonical text is one text, however it is cut."""
    assert fingerprint(document) == hash_of({k: v for k, v in document.items() if k != "universe"})


@pytest.mark.parametrize("part", [part for part in PARTS if part not in {"format", "universe", *WHERE_ANY}])
def test_when_a_part_is_missing_then_a_rehashed_universe_is_refused(part: str, compiled: Compiled) -> None:
    """A universe without gates, or without one table of its own, would decide otherwise than anybody wrote."""
    with pytest.raises(UniverseFault, match=f"not whole: it has no `{part}`"):
        parse(rehashed(compiled, lambda d: d.pop(part)))


def test_when_a_part_is_unknown_or_of_another_kind_then_a_rehashed_universe_is_refused(compiled: Compiled) -> None:
    """What this version does not know may be a rule that it would not keep."""
    with pytest.raises(UniverseFault, match="a part that nobody knows, `overrides`"):
        parse(rehashed(compiled, lambda d: d.update(overrides={})))
    with pytest.raises(UniverseFault, match="its `gates` is no list"):
        parse(rehashed(compiled, lambda d: d.update(gates={})))


def test_when_a_table_that_rules_read_is_gone_then_a_rehashed_universe_is_refused(compiled: Compiled) -> None:
    """A table's row may name another table."""
    with pytest.raises(UniverseFault, match="vol_factor"):
        parse(rehashed(compiled, lambda d: d["tables"].pop("vol_factor")))


def test_when_a_key_stands_twice_then_the_universe_is_refused(compiled: Compiled) -> None:
    """Else the file would show one cap to a reviewer and hold the other."""
    text = file_text(compiled.document)
    twice = text.replace('"environment"', '"gates": [],\n "environment"', 1)

    assert json.loads(twice) == json.loads(text)  # the last one counts, and the hash fits
    with pytest.raises(UniverseFault, match="the key `gates` stands twice"):
        parse(twice)


def test_when_the_text_is_nested_without_end_then_it_is_refused() -> None:
    """No text makes the reader fail in another way."""
    with pytest.raises(UniverseFault, match="nested too deeply"):
        parse("[" * 100_000)


def test_when_the_file_is_replaced_while_threads_read_then_each_reads_one_whole_universe(
    compiled: Compiled, tmp_path: Path
) -> None:
    """Readers meet the old file or the new one, and never a mixture or a fault."""
    texts = [
        json.dumps(json.loads(file_text(compiled.document))),
        rehashed(compiled, lambda d: d["sources"].append({"path": "rules/other.yaml", "sha256": "0" * 64})),
    ]
    path, draft, over = tmp_path / "universe.json", tmp_path / "draft", threading.Event()
    path.write_text(texts[0], encoding="utf-8")
    found: list[str] = []
    faults: list[Exception] = []

    def reading() -> None:
        while not over.is_set():
            try:
                found.append(load(path).ruleset.universe_hash)
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=reading) for _ in range(3)]
    for thread in threads:
        thread.start()
    turn = 0
    while len(found) < 9 and not faults:
        turn += 1
        draft.write_text(texts[turn % 2], encoding="utf-8")
        os.replace(draft, path)
    over.set()
    for thread in threads:
        thread.join(timeout=60)

    assert faults == []
    assert turn > 2
    assert set(found) <= {json.loads(text)["universe"] for text in texts}
