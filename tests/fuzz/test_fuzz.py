"""A few seconds of fuzzing of every door; `make fuzz` gives each half an hour."""

import random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds

ROUNDS: Final = {"loader": 60, "parser": 1500, "decide": 250, "reader": 60}


@pytest.mark.parametrize("name", TARGETS)
def test_what_really_comes_passes(name: str) -> None:
    """The inputs that fuzzing begins with hold, so that a fault that it finds is its own."""
    for seed in seeds(name):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", ["loader", "parser", "decide"])
@given(data=st.one_of(st.binary(max_size=120), st.text(max_size=60).map(str.encode)))
@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_holds(name: str, data: bytes) -> None:
    """Bytes and texts of all kinds."""
    TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_almost_comes_holds(name: str) -> None:
    """Real inputs with bytes lost, doubled, changed and moved."""
    dice = random.Random(name)
    known = seeds(name)
    for _ in range(ROUNDS[name]):
        TARGETS[name](damaged(dice.choice(known), dice))


def damaged(data: bytes, dice: random.Random) -> bytes:
    """One to four edits of an input."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(made) + 1)
        length = dice.choice([1, 1, 2, 8])
        match dice.randrange(4):
            case 0:
                del made[at : at + length]
            case 1:
                made[at:at] = made[at : at + length]
            case 2:
                made[at : at + 1] = bytes([dice.choice(b"\x00\t\n \"#&'()*+,-./019:<=>[]_abenox{|}~\x80\xff")])
            case _:
                other = dice.randrange(len(made) + 1)
                made[at:at] = made[other : other + length]
    return bytes(made)
