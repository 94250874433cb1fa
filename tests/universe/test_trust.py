import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from universe.reader import UniverseFault, load
from universe.trust import KEPT, Keys, public_of, read_keys, sign, signatures, with_signature

pytest.importorskip("cryptography", reason="signatures are of the extra `signing`")
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

HASH = "sha256:" + "5" * 64


def private(seed: int) -> bytes:
    """A private key in PEM, the same for the same seed."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def keys(*seeds: int, place: str = "keys") -> Keys:
    """A place that trusts the keys of these seeds."""
    return read_keys(place, "\n".join(public_of(private(seed)) for seed in seeds))


@pytest.fixture
def shipped(root: Path, tmp_path: Path) -> Path:
    """The shipped universe in a folder of its own."""
    return Path(shutil.copy(root / "universe/universe.json", tmp_path / "universe.json"))


def signed(path: Path, *seeds: int) -> None:
    """Put the signatures of these keys beside a universe."""
    name = json.loads(path.read_text(encoding="utf-8"))["universe"]
    for seed in seeds:
        place, text = with_signature(path, name, sign(name, private(seed)))
        place.write_text(text, encoding="utf-8")


def test_when_no_key_is_named_then_no_signature_is_asked_for(shipped: Path) -> None:
    """And one that is there does no harm."""
    assert load(shipped)
    signed(shipped, 1)
    assert load(shipped)


def test_when_a_key_is_named_then_only_what_it_signed_is_read(shipped: Path) -> None:
    """Not what nobody signed, and not what another signed."""
    with pytest.raises(UniverseFault, match="not signed, and keys asks for a signature"):
        load(shipped, trust=[keys(1)])
    signed(shipped, 2)
    with pytest.raises(UniverseFault, match="signed by no key of keys"):
        load(shipped, trust=[keys(1)])
    signed(shipped, 1)
    assert load(shipped, trust=[keys(1)])


def test_when_two_places_name_keys_then_each_must_be_satisfied(shipped: Path) -> None:
    """So that naming a key in one more place can only ask for more."""
    signed(shipped, 1)

    assert load(shipped, trust=[keys(1, 3), keys(1)])
    with pytest.raises(UniverseFault, match="signed by no key of other"):
        load(shipped, trust=[keys(1), keys(2, place="other")])


def test_when_the_file_beside_it_names_a_key_then_no_caller_can_leave_it_out(shipped: Path) -> None:
    """It is read by the reader itself, whoever calls it and with whatever keys."""
    (shipped.parent / "trusted_keys").write_text(f"# ours\n{public_of(private(1))} ada\n", encoding="utf-8")

    with pytest.raises(UniverseFault, match=r"not signed, and .*trusted_keys asks"):
        load(shipped)
    signed(shipped, 2)
    with pytest.raises(UniverseFault, match=r"no key of .*trusted_keys"):
        load(shipped, trust=[keys(2)])
    signed(shipped, 1)
    assert load(shipped)


@pytest.mark.parametrize(
    "text", ["", "# nothing", "ed25519:AAAA", "rsa:" + "A" * 43 + "=", "ed25519:" + "!" * 44, "ed25519:" + "A" * 88]
)
def test_when_a_place_names_no_usable_key_then_nothing_is_read(shipped: Path, text: str) -> None:
    """An emptied file of keys is no leave to do without them."""
    (shipped.parent / "trusted_keys").write_text(text, encoding="utf-8")
    signed(shipped, 1)

    with pytest.raises(UniverseFault, match="trusted_keys"):
        load(shipped)


def test_when_a_signature_is_of_another_universe_then_it_holds_for_none_else(shipped: Path) -> None:
    """Also when its line is rewritten to name this one."""
    name = json.loads(shipped.read_text(encoding="utf-8"))["universe"]
    Path(f"{shipped}.sig").write_text(f"{name} {sign(HASH, private(1))}\n", encoding="utf-8")

    with pytest.raises(UniverseFault, match="signed by no key"):
        load(shipped, trust=[keys(1)])


def test_when_many_universes_are_signed_then_the_last_signatures_stay(shipped: Path) -> None:
    """A reader that still finds the universe before finds its signature too; torn lines are passed over."""
    for number in range(KEPT + 5):
        place, text = with_signature(shipped, f"sha256:{number:064}", sign(HASH, private(1)))
        place.write_text("half a line\n" * (not number) + text, encoding="utf-8")

    assert list(signatures(shipped)) == [f"sha256:{number:064}" for number in range(5, KEPT + 5)]


def test_when_a_key_is_of_another_kind_then_it_signs_nothing() -> None:
    """And what is no key at all."""
    other = x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="another kind"):
        sign(HASH, other)
    with pytest.raises(ValueError, match="no private key"):
        sign(HASH, b"-----BEGIN")


def hedgerow(project: Path, *arguments: str, key: str | None = None) -> Result:
    """Runs a command in a project, with or without a key in the environment."""
    return CliRunner(env={"HEDGEROW_PUBLIC_KEY": key}).invoke(main, ["--root", str(project), *arguments])


def test_when_a_universe_is_signed_by_command_then_every_command_that_trusts_the_key_reads_it(
    project: Path, tmp_path: Path
) -> None:
    """And the universe itself is the same to the byte as without a signature."""
    file, before = tmp_path / "ada.pem", (project / "universe/universe.json").read_bytes()
    made = hedgerow(project, "keys", "new", str(file))
    key = made.stdout.split()[0]
    refused = hedgerow(project, "decide", "/dev/null", key=key)
    signing = hedgerow(project, "universe", "--sign", str(file), key=key)
    read = hedgerow(project, "decide", "/dev/null", key=key)

    assert oct(file.stat().st_mode)[-3:] == "600"
    assert made.stdout == f"{key} ada\n" == hedgerow(project, "keys", "show", str(file)).stdout
    assert (refused.exit_code, "not signed, and HEDGEROW_PUBLIC_KEY asks" in refused.stderr) == (2, True)
    assert (signing.exit_code, f"signed   {key}" in signing.stdout) == (0, True)
    assert "holds no intent" in read.stderr
    assert (project / "universe/universe.json").read_bytes() == before
    assert hedgerow(project, "keys", "new", str(file)).exit_code == 2


@pytest.mark.parametrize("key", ["", "# none", "ed25519:AAAA"])
def test_when_the_environment_names_no_usable_key_then_the_command_ends(project: Path, key: str) -> None:
    """A setting that was meant and is broken is no leave to go on without it."""
    ended = hedgerow(project, "decide", "/dev/null", key=key)

    assert (ended.exit_code, "HEDGEROW_PUBLIC_KEY" in ended.stderr) == (3, True)


def test_when_rules_are_compiled_unsigned_where_a_signature_is_asked_for_then_it_is_said(project: Path) -> None:
    """The file is written: who signs may be another person, and until then it decides nothing."""
    (project / "universe/trusted_keys").write_text(public_of(private(1)), encoding="utf-8")
    made = hedgerow(project, "universe")

    assert made.exit_code == 0
    assert "warning: a signature is asked for here" in made.stderr
    assert hedgerow(project, "decide", "/dev/null").exit_code == 2
