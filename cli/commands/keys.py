"""`hedgerow keys`."""

import os
from pathlib import Path

import click

from cli.project import BAD_ENVIRONMENT, PUBLIC_KEY, fail
from cli.signing import public_of


@click.group(name="keys")
def command() -> None:
    """Keys that sign compiled universes, and say whose are trusted."""


@command.command(name="new")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new(file: Path) -> None:
    """Write a new private key to FILE, for its owner alone, and show its public half.

    Universes are signed with the file (`hedgerow universe --sign FILE`), which belongs into no repository. The public
    half is named where universes are read.
    """
    pem = _generated()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as private:
            private.write(pem)
    except FileExistsError:
        fail(f"{file} is there already", "a key is never written over; name another file")
    except OSError as error:
        fail(f"{file} can't be written: {error.strerror}", None, BAD_ENVIRONMENT)
    click.echo(f"{public_of(pem)} {file.stem}")
    click.echo(
        f"help: add this line to universe/trusted_keys, or set {PUBLIC_KEY} where an executor runs; "
        "from then on an unsigned universe is refused there",
        err=True,
    )


@command.command(name="show")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def show(file: Path) -> None:
    """Show the public half of the private key in FILE."""
    click.echo(f"{public_of(file.read_bytes())} {file.stem}")


def _generated() -> bytes:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        fail("keys can't be made: `cryptography` is not installed", "pip install -e '.[signing]'", BAD_ENVIRONMENT)
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
