"""The generic rules engine: facts in, a decision with every reason out.

It knows no word of what is decided about: subjects, facts, caps and reasons all come from the rule set. It
reads no file, no clock and no environment, and imports nothing of the house. Its README says where a change
goes.
"""

from engine.answers import Answer, Headroom
from engine.engine import BACKENDS, SCOPES, Engine
from engine.faults import Fault, Refused
from engine.read import examine, read
from engine.reason import Decision, Reason
from engine.ruleset import RuleSet

__all__ = [
    "BACKENDS",
    "SCOPES",
    "Answer",
    "Decision",
    "Engine",
    "Fault",
    "Headroom",
    "Reason",
    "Refused",
    "RuleSet",
    "examine",
    "read",
]
