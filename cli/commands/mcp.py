"""`hedgerow mcp`."""

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.main import VERSION
from cli.project import BAD_ENVIRONMENT, fail, root

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server import MCPServer

    from cli.tools import Tools

READING: Final = ("explain", "decide", "headroom", "whatif", "diff", "run_tests")
PROPOSING: Final = ("propose_patch",)
INSTRUCTIONS: Final = (
    "The rules of a risk boundary: caps, gates and tables in YAML that decide on each order. These tools read and "
    "propose; none of them changes a rule. An agent may tighten caps and add scenarios; docs/agents.md says what else "
    "and what stops a patch. Try a patch with propose_patch before leaving a branch."
)


@click.command(name="mcp")
@click.pass_obj
def command(given_root: Path | None) -> None:
    """Serve the tools of an agent over stdio (MCP): explain, decide, whatif, headroom, diff, propose_patch, run_tests.

    They read and propose; nothing is changed. Needs the extra `agent`: pip install 'hedgerow[agent]'.
    """
    from cli.tools import Tools

    try:
        server(Tools(root(given_root).resolve())).run("stdio")
    except ImportError:
        fail("the MCP SDK is not installed", "pip install -e '.[agent]'", BAD_ENVIRONMENT)


def server(tools: "Tools") -> "MCPServer[Any]":
    """The server of a project's tools.

    Raises:
        ImportError: the extra `agent` is not installed.
    """
    from mcp.server import MCPServer
    from mcp_types import ToolAnnotations

    made: MCPServer[Any] = MCPServer("hedgerow", instructions=INSTRUCTIONS, version=VERSION, log_level="WARNING")
    for name in (*READING, *PROPOSING):
        reads = name in READING
        hints = ToolAnnotations(
            read_only_hint=reads, destructive_hint=False, idempotent_hint=reads, open_world_hint=False
        )
        made.add_tool(_refusing(getattr(tools, name)), name=name, annotations=hints)
    return made


def _refusing(tool: "Callable[..., Any]") -> "Callable[..., Any]":
    """The tool, whose refusals are answers that say that they are."""
    from mcp.server.mcpserver.exceptions import ToolError

    from cli.tools import Refused

    @wraps(tool)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return tool(*args, **kwargs)
        except Refused as refused:
            raise ToolError(str(refused)) from None

    return run
