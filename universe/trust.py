"""Who may say what is decided: Ed25519 signatures under compiled universes, and the keys that are trusted.

Where nobody names a key, a universe is held to its own hash alone. Each place that names keys (the file beside a
universe, and whatever its caller names) demands a signature by one of its own: another place only ever demands more,
and a place that can't be read, or names no key, lets nothing through.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from universe.integrity import UniverseFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEYS_FILE: Final = "trusted_keys"
SIGNATURES: Final = ".sig"
KIND: Final = "ed25519"
KEPT: Final = 20
_SIGN: Final = "sign it: `hedgerow universe --sign KEYFILE`"
_KEY_SIZE: Final = 32
# Says what is signed, so that no signature given elsewhere fits here.
_PURPOSE: Final = b"hedgerow universe\n"


@dataclass(frozen=True, slots=True)
class Keys:
    """The public keys that a place names, of which one must have signed."""

    place: str
    keys: tuple[bytes, ...]


# Every place must be satisfied; none: no signature is asked for.
Trust = Sequence[Keys]


def read_keys(place: str, text: str) -> Keys:
    """The keys in a text: one `ed25519:BASE64` a line, with whatever follows it as a remark; `#` begins a comment.

    Raises:
        UniverseFault: a line is no key, or there is none.
    """
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    try:
        keys = tuple(_decoded(words[0], _KEY_SIZE) for words in lines if words)
    except ValueError as error:
        raise UniverseFault(
            f"{place}: {error}", "write `ed25519:` and the key, as `hedgerow keys new` shows it"
        ) from None
    if not keys:
        raise UniverseFault(f"{place} names no key", "name one, or take the place away: an empty one trusts nobody")
    return Keys(place, keys)


def beside(universe: Path) -> tuple[Keys, ...]:
    """The keys that are trusted for the universes of a folder; empty where it has no file of keys.

    Raises:
        UniverseFault: there is one, and it can't be used.
    """
    path = universe.parent / KEYS_FILE
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UniverseFault(f"the trusted keys can't be read: {error}", f"mend {path}") from None
    return (read_keys(str(path), text),)


def verify(path: Path, universe: str, trust: Trust) -> None:
    """Hold a universe, by its hash, to the signatures beside its file.

    Raises:
        UniverseFault: a place that names keys finds no signature of its own.
    """
    if not trust:
        return
    given = signatures(path).get(universe, ())
    if not given:
        raise UniverseFault(f"the universe is not signed, and {trust[0].place} asks for a signature", _SIGN)
    for keys in trust:
        if not any(_holds(key, universe, signature) for key in keys.keys for signature in given):
            raise UniverseFault(f"the universe is signed by no key of {keys.place}", _SIGN)


def signatures(path: Path) -> dict[str, tuple[bytes, ...]]:
    """The signatures beside a universe's file, by the hash that each is under; what is no signature is passed over."""
    try:
        text = _beside(path).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return {}
    found: dict[str, tuple[bytes, ...]] = {}
    for line in text.splitlines():
        try:
            name, signature = line.split()
            found[name] = (*found.get(name, ()), _decoded(signature, 2 * _KEY_SIZE))
        except ValueError:
            continue
    return found


def with_signature(path: Path, universe: str, signature: str) -> tuple[Path, str]:
    """The file of signatures beside a universe, and its text with another line: the last `KEPT` stay.

    Written before the universe is replaced, it has a signature for whichever of both a reader finds.
    """
    place, line = _beside(path), f"{universe} {signature}"
    before = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    return place, "\n".join([*[one for one in before if one != line][1 - KEPT :], line, ""])


def sign(universe: str, private: bytes) -> str:
    """A signature under a universe's hash by a private key in PEM.

    Raises:
        ValueError: that is no Ed25519 key.
        UniverseFault: the library for signatures is not installed.
    """
    return _written(_private(private).sign(_PURPOSE + universe.encode()))


def public_of(private: bytes) -> str:
    """The public half of a private key in PEM, as a line for a file of keys; raises as `sign`."""
    return _written(_private(private).public_key().public_bytes_raw())


def _private(pem: bytes) -> "Ed25519PrivateKey":
    _need_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except (TypeError, ValueError) as error:
        raise ValueError(f"it holds no private key in PEM: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it holds a key of another kind than Ed25519")
    return key


def _holds(key: bytes, universe: str, signature: bytes) -> bool:
    _need_library()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _PURPOSE + universe.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _need_library() -> None:
    if find_spec("cryptography") is None:
        raise UniverseFault(
            "signatures can't be checked: `cryptography` is not installed", "pip install -e '.[signing]'"
        )


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SIGNATURES)


def _written(data: bytes) -> str:
    return f"{KIND}:{base64.b64encode(data).decode()}"


def _decoded(text: str, size: int) -> bytes:
    kind, _, data = text.partition(":")
    try:
        found = base64.b64decode(data, validate=True)
    except binascii.Error:
        found = b""
    if kind != KIND or len(found) != size:
        raise ValueError(f"`{text[:60]}` is no Ed25519 key or signature")
    return found
