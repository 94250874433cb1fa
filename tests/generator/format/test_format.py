"""`hedgerow fmt`: one way to write a file, the same meaning, every comment, and nothing written by halves."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import main
from generator.change.patching.layout import comments
from generator.compile.files import Folder, Instead
from generator.compile.hazards import is_treacherous
from generator.compile.schema_parts import closed, file, keyed
from generator.compile.stages import compile_universe
from generator.compile.text import read_text
from generator.format.project import format_files
from generator.format.texts import FormatFault, formatted, grouped, same
from tests.conftest import ROOT, TODAY

ENTRY: Final = closed({"id": {}, "why": {}, "amount": {"x-value": True}, "rest": {}})
SCHEMA: Final = file("A file", {"first": keyed(ENTRY), "list": {"type": "array", "items": ENTRY}})


def made(text: str) -> str:
    """A text of the small schema, formatted; formatted again it stays the same."""
    once = formatted("rules/any.yaml", text, SCHEMA)
    assert formatted("rules/any.yaml", once, SCHEMA) == once
    return once


def test_the_shipped_files_are_written_as_they_should_be() -> None:
    """Whoever edits one runs `hedgerow fmt`, as `make check` asks; the rules as they stand compile for it."""
    found = format_files(Folder(ROOT))

    assert dict(found.texts) == {}
    assert found.count >= 25


def test_keys_stand_in_the_order_of_their_schema() -> None:
    """In lists and in mappings, on one line or on several; a comment beside a key goes with it."""
    text = "list:\n  - why: b   # here\n    id: a\n  - {why: d, id: c}\nformat: 1\n"

    assert made(text) == "format: 1\nlist:\n  - id: a\n    why: b   # here\n  - {id: c, why: d}\n"


def test_what_stands_below_an_entry_stays_below_it() -> None:
    """A blank line and a comment between two entries are no part of the key that happens to be last."""
    text = "format: 1\nlist:\n  - why: b\n    id: a\n\n  # the second\n  - id: c\n    why: d\n"

    assert made(text) == "format: 1\nlist:\n  - id: a\n    why: b\n\n  # the second\n  - id: c\n    why: d\n"


def test_sections_of_their_author_stay_in_order() -> None:
    """Where a comment or a blank line stands between keys, somebody has grouped them."""
    text = "format: 1\nlist:\n  - why: b\n    # who\n    id: a\n"

    assert made(text) == text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("80000 USDT", "80_000 USDT"),
        ("8_0_000 USDT", "80_000 USDT"),
        ("5_000 USDT", "5000 USDT"),
        ("-1234567.5 BTC", "-1_234_567.5 BTC"),
        ("00012345", "00012345"),
        ("1e99999", "1e99999"),
        ("caps.order_notional", "caps.order_notional"),
        ("9" * 100_000, "9" * 100_000),
    ],
)
def test_digits_stand_in_threes_from_five_on(written: str, expected: str) -> None:
    """Four are read at a glance; what is no plain number with a unit stays as it is."""
    assert grouped(written) == expected
    assert grouped(expected) == expected


def test_digits_are_grouped_in_values_only() -> None:
    """An id or a text with five digits is no amount."""
    text = "format: 1\nlist:\n  - {id: 12345, why: 12345, amount: 12345 USDT}\n"

    assert made(text) == "format: 1\nlist:\n  - {id: 12345, why: 12345, amount: 12_345 USDT}\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"plain words"', "plain words"),
        ("'plain words'", "plain words"),
        ("'max(a, b)'", '"max(a, b)"'),
        ("no", '"no"'),
        ("'on'", '"on"'),
        ("1:30", '"1:30"'),
        ("010", '"010"'),
        ('"true"', '"true"'),
        ("true", "true"),
        ("'say \"no\", twice'", "'say \"no\", twice'"),
        ("''", '""'),
        ("'a # b'", '"a # b"'),
        ("5%", "5%"),
        ("...and so on", '"...and so on"'),
        ("'--- cut ---'", '"--- cut ---"'),
    ],
)
def test_quotes_stand_where_a_reader_needs_them_and_nowhere_else(written: str, expected: str) -> None:
    """Where another reader of YAML would see a truth value, a time or two texts; double ones where either would do."""
    assert made(f"format: 1\nlist:\n  - why: {written}\n") == f"format: 1\nlist:\n  - why: {expected}\n"


def test_what_a_comma_has_cut_in_two_is_quoted() -> None:
    """The strict reader refuses it; the text is whole again, wherever it stands on its line."""
    text = "format: 1\nfirst:\n  a: {id: x, why: max(b, c, d), rest: min(1, 2)} # both\n"

    assert made(text) == 'format: 1\nfirst:\n  a: {id: x, why: "max(b, c, d)", rest: "min(1, 2)"} # both\n'


def test_spaces_lines_marks_and_ends_are_made_alike() -> None:
    """Blank lines one at most, none at the ends; Unix ends of lines, and no mark at the beginning."""
    assert made("\ufeff\r\nformat: 1\r\n\r\n\r\nlist:\r\n- id:   a\r\n\r\n") == "format: 1\n\nlist:\n  - id: a\n"


def test_a_lone_carriage_return_ends_a_line_too() -> None:
    """As YAML has it: before an end of line of its own, it is an empty line."""
    text = "s: |\r\r\n b\r\n"

    assert read_text("", made(text))[0].data == read_text("", text)[0].data == {"s": "\nb\n"}


def test_a_block_of_text_keeps_its_lines() -> None:
    """Blank lines in it are what it says."""
    text = "format: 1\nlist:\n  - why: |\n      a\n\n\n      b\n    id: x\n"

    assert read_text("", made(text))[0].data == read_text("", text)[0].data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("s: #\n g\n\n", "overlap in comment"),
        (">\n\n#", "is a single text"),
        ("r:\n?\x85: {}", "unhashable"),
        ("\n\n- >", "would be written otherwise again"),
        ("\n\n[]", "can't write it"),
    ],
    ids=["comment", "text", "next line", "empty block", "empty list"],
)
def test_what_can_not_be_written_anew_is_left_alone(text: str, said: str) -> None:
    """Found by fuzzing: a comment between a key and its value, a file that is one text, rare ends of lines."""
    with pytest.raises(FormatFault, match=said):
        formatted("rules/any.yaml", text, SCHEMA)


WORDS: Final = st.one_of(
    st.sampled_from(["no", "010", "1:30", "5%", "80000 USDT", "true", "a, b", "a: b", "x # y", "", " ", "it's", '"']),
    st.text("abc019 _.,:#'\"{}[]-", max_size=8),
)
ENTRIES: Final = st.dictionaries(st.sampled_from(["id", "why", "amount", "rest"]), WORDS, min_size=1)
FILES: Final = st.fixed_dictionaries(
    {"list": st.lists(ENTRIES, min_size=1, max_size=3), "first": st.dictionaries(st.sampled_from("abc"), ENTRIES)}
)


@given(data=FILES, flow=st.sampled_from([False, None]), style=st.sampled_from([None, "'", '"']))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_whatever_is_written_means_the_same_when_formatted_and_stays(data: Any, flow: Any, style: Any) -> None:
    """Data and comments are the same, and formatting again changes nothing."""
    text = yaml.safe_dump(data, default_flow_style=flow, default_style=style, sort_keys=False, width=4000)
    before, problems = read_text("", f"# above\n{text}# below\n")
    if problems:
        return

    after = made(f"# above\n{text}# below\n")

    assert same(read_text("", after)[0].data, before.data)
    assert comments(after) == ("# above", "# below")


@given(text=st.text("ynoeNOF~0123456789:._xb+-ef", max_size=6))
@settings(max_examples=1500, deadline=None, derandomize=True)
def test_what_yaml_takes_for_something_else_is_known_to_be_treacherous(text: str) -> None:
    """Whatever the YAML 1.1 reader makes of a plain word, but a plain number, a date or a word for truth or nothing."""
    try:
        found = yaml.safe_load(f"[{text}]")
    except (yaml.YAMLError, ValueError):
        return
    [value] = found if isinstance(found, list) and len(found) == 1 else [text]
    if isinstance(value, str | dict | date) or is_treacherous(text):
        return
    assert text.replace("_", "") in (str(value), str(value).lower(), "null") or float(text.replace("_", "")) == value


def test_the_rules_decide_the_same_before_and_after(project: Path) -> None:
    """A project written in another way comes out as the shipped one does, with the same hash of what it decides."""
    hashed = compile_universe(project, today=TODAY).ruleset.ruleset_hash
    risk = project / "rules/risk.yaml"
    shipped = risk.read_text()
    risk.write_text(shipped.replace("80_000 USDT", "'80000 USDT'").replace("  - ", "-  "))

    result = fmt(project)

    assert (result.exit_code, risk.read_text()) == (0, shipped)
    assert "rules/risk.yaml\n" in result.stdout
    assert compile_universe(project, today=TODAY).ruleset.ruleset_hash == hashed


def test_check_names_what_would_change_and_writes_nothing(project: Path) -> None:
    """Exit code 1, each file on stderr; 0 where nothing would."""
    assert fmt(project, "--check").exit_code == 0
    tiers = project / "rules/tiers.yaml"
    tiers.write_text(tiers.read_text() + "\n\n")
    text = tiers.read_text()

    result = fmt(project, "--check")

    assert (result.exit_code, tiers.read_text()) == (1, text)
    assert "rules/tiers.yaml would be written otherwise" in result.stderr


def test_one_file_that_is_no_yaml_keeps_all_from_being_written(project: Path) -> None:
    """All or nothing: the fault is shown with its line, and the file beside it stays."""
    tiers, risk = project / "rules/tiers.yaml", project / "rules/risk.yaml"
    tiers.write_text(tiers.read_text() + "\n\n")
    risk.write_text(risk.read_text() + "global: {}\n")
    text = tiers.read_text()

    result = fmt(project)

    assert (result.exit_code, tiers.read_text()) == (2, text)
    assert "duplicate-key" in result.stderr


def test_files_may_be_named(project: Path) -> None:
    """Only they are written; a name that is none of them is refused."""
    for name in ("tiers", "risk"):
        path = project / f"rules/{name}.yaml"
        path.write_text(path.read_text() + "\n\n")

    assert fmt(project, str(project / "rules/tiers.yaml")).exit_code == 0
    assert (project / "rules/risk.yaml").read_text().endswith("\n\n\n")
    assert fmt(project, "rules/tier.yaml").exit_code == 2


def test_rules_that_do_not_compile_are_formatted_all_the_same(project: Path) -> None:
    """A text that a comma has cut is made whole, which no compile could have been asked about."""
    gates = project / "rules/gates.yaml"
    shipped = gates.read_text()
    gates.write_text(
        shipped.replace("is: gross.others + exposure_after}", "is: max(gross.others, 0) + exposure_after}")
    )

    result = fmt(project)

    assert result.exit_code == 0
    assert "don't compile" in result.stderr
    assert 'is: "max(gross.others, 0) + exposure_after"}' in gates.read_text()


def test_a_text_that_would_mean_something_else_is_never_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is made on what would be written: a formatter that errs is found out, by the hash of the rules."""
    from generator.format import project as module

    def wrong(name: str, text: str, schema: Any) -> str:
        return text.replace("daily_loss: 1%", "daily_loss: 2%")

    monkeypatch.setattr(module, "formatted", wrong)

    with pytest.raises(FormatFault, match="mean something else"):
        format_files(Folder(project))


def test_texts_instead_of_files_are_read_in_their_place(tmp_path: Path) -> None:
    """And every other file as it stands."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    files = Instead(Folder(tmp_path), {"rules/risk.yaml": "x"})

    assert files.read("rules/risk.yaml") == b"x"
    assert files.read("rules/tiers.yaml") == (tmp_path / "rules/tiers.yaml").read_bytes()
    assert files.names("rules") == Folder(tmp_path).names("rules")


@pytest.fixture
def project(project: Path) -> Path:
    """The copy of the project with few examples, which compile sooner."""
    for path in (project / "rules/scenarios").glob("*.yaml"):
        if path.name != "missing.yaml":
            path.unlink()
    return project


def fmt(project: Path, *arguments: str) -> Result:
    """Runs the command on a project."""
    return CliRunner().invoke(main, ["--root", str(project), "fmt", *arguments])
