"""Translations of the checked tree into something faster than the interpreter, which stays the reference."""
