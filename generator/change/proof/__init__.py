"""Proof: what becomes of all orders when rules change, and what the rules as they are can never do.

`prove` compares two rule sets; `Questions` asks one. Rules become formulas (`translate`, `places`, `sides`), which are
refuted by intervals or by the solver (`intervals`, `encode`, `solver`), or satisfied by an order that is found near a
real one and replayed in the engine before anybody sees it (`witness`, `replay`). The solver, z3, is the extra `proof`
and is imported on first use.
"""

from generator.change.proof.prove import prove
from generator.change.proof.results import GateProof, Proof, SetProof, Witness
from generator.change.proof.solver import NoSolver, Stage

__all__ = ["GateProof", "NoSolver", "Proof", "SetProof", "Stage", "Witness", "prove"]
