"""Whose rights count: what the CI platform says, and nothing that a change says of itself.

Names and dates in commits are their author's own claims; they are shown and never believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generator.change.patching.surfaces import AGENT, FORM, PERSON, Surfaces

BOT: Final = "[bot]"
USER: Final = "User"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody whom the platform names: a login, whether it is a user rather than a bot, and what made it be named."""

    login: str
    is_user: bool
    role: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose rights count, and why."""

    author: str
    login: str
    why: str


def identity(surfaces: Surfaces, named: tuple[Actor, ...], claimed: str | None) -> Identity:
    """The least rights of all that the platform names; a claim on the command line may lower them and never raise.

    Where the platform names nobody, the change is an agent's.
    """
    for actor in named:
        if not actor.is_user or actor.login.lower() not in surfaces.people:
            kind = "a bot" if not actor.is_user else f"none of the people of {FORM.rules}"
            return Identity(AGENT, actor.login, f"{actor.role} is {actor.login}, {kind}")
    if not named:
        return Identity(AGENT, claimed or "", "no CI platform says who asks")
    if claimed is not None and claimed.lower() not in surfaces.people:
        return Identity(AGENT, claimed, f"--author says {claimed}, which may only lower rights")
    return Identity(PERSON, named[0].login, f"{named[0].role} is {named[0].login}")


def from_github(environment: Mapping[str, str], event: Mapping[str, Any]) -> tuple[Actor, ...]:
    """Everybody whom GitHub names as having a hand in a run: who opened the pull request, who sent the event, who
    started the run and who started it again.

    Args:
        environment: the documented variables of a run, `GITHUB_ACTIONS` and so on.
        event: the payload of the event, the JSON at `GITHUB_EVENT_PATH`.
    """
    if environment.get("GITHUB_ACTIONS") != "true":
        return ()
    found = []
    request = _part(event, "pull_request")
    for role, user in (
        ("the author of the pull request", _part(request, "user")),
        ("the sender", _part(event, "sender")),
    ):
        if user:
            found.append(_actor(str(user.get("login", "")), user.get("type"), role))
    for name, role in (("GITHUB_ACTOR", "the actor"), ("GITHUB_TRIGGERING_ACTOR", "the triggering actor")):
        login = environment.get(name, "")
        if login:
            found.append(_actor(login, USER, role))
    # A run without a name is nobody's: it must not pass for somebody's by leaving out who it is.
    return tuple(found) or (Actor("", False, "the run"),)


def _part(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _actor(login: str, kind: object, role: str) -> Actor:
    return Actor(login, kind == USER and bool(login) and not login.endswith(BOT), role)
