"""Signing compiled universes: how the commands use a private key, and say what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

from cli.project import BAD_ENVIRONMENT, fail, write


def public_of(private: bytes) -> str:
    """The public half of a private key; one that can't be used ends the command."""
    from universe import trust

    return _explained(lambda: trust.public_of(private))


def sign(path: Path, universe: str, key: Path) -> str:
    """Sign a universe by its hash, before it is put in the place of `path`: its public key."""
    from universe import trust

    try:
        private = key.read_bytes()
    except OSError as error:
        fail(f"{key} can't be read: {error.strerror}", "name the file that `hedgerow keys new` wrote")
    signature = _explained(lambda: trust.sign(universe, private))
    write(*trust.with_signature(path, universe, signature))
    return public_of(private)


def is_signed(path: Path, universe: str) -> bool:
    """Whether a universe may replace the one in a file as far as signatures go: it bears those that are asked for."""
    from cli.project import pinned
    from universe.integrity import UniverseFault
    from universe.trust import beside, verify

    try:
        verify(path, universe, (*pinned(), *beside(path)))
    except UniverseFault:
        return False
    return True


def _explained(use: Callable[[], str]) -> str:
    from universe.integrity import UniverseFault

    try:
        return use()
    except UniverseFault as fault:
        fail(str(fault), fault.help, BAD_ENVIRONMENT)
    except ValueError as error:
        fail(f"the key can't be used: {error}", "name the file that `hedgerow keys new` wrote")
