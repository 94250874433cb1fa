"""The acting half. Today its front to risk: `execution.gate`. May import `universe` and `engine`; never the
generator.
"""
