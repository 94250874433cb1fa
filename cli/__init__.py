"""The outermost room: commands, and the wiring that introduces the parts to each other. Nobody imports it.

One file a command in `cli/commands/`; each imports what it needs only when it runs, so that `--help` is instant.
"""
