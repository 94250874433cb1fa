"""Tools over the rules: `generator.compile` turns YAML into everything that nobody edits by hand.

May import `universe` and `engine`; nothing here runs while orders are decided.
"""
