"""A diff as people, programs and CI read it: text, Markdown, JSON, SARIF, and workflow commands."""
