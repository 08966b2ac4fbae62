"""Command groups that import a command when it is run, and that name the nearest command when one is mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module

import rich_click as click

COMMANDS_PACKAGE = "daonode.cli.commands"


class SuggestingGroup(click.RichGroup):
    """A group whose error for an unknown command names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or raise a usage error that helps."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise click.UsageError(f"no such command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(SuggestingGroup):
    """A group that knows of each command its name and help line; its module in `commands/` has the command itself."""

    entries: Mapping[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which they are declared."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """What help and completion need of a command: nothing is imported."""
        help_line = self.entries.get(cmd_name)
        return None if help_line is None else click.RichCommand(name=cmd_name, short_help=help_line)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is run."""
        name, found, rest = super().resolve_command(ctx, args)
        if name is None or found is None:
            return name, found, rest
        command: click.Command = import_module(f"{COMMANDS_PACKAGE}.{name.replace('-', '_')}").command
        return name, command, rest
