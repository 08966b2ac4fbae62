"""`daonode validator`: who makes the blocks."""

from __future__ import annotations

import rich_click as click

from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.session import Session, common
from daonode.client.answers import Answer
from daonode.primitives.json_form import suggestion


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Look up validators."""


@command.command("list")
@common
def list_(session: Session) -> None:
    """List the validators with their power, and how often each proposed or failed to at its turn."""
    columns = ("moniker", "power", "proposed", "failed", "id")
    session.show(session.rpc.query("validators", "validators"), columns=columns)


@command.command()
@click.argument("validator")
@common
def show(session: Session, validator: str) -> None:
    """Show one validator, by id (daoval1...) or moniker."""
    found = Answer(session.rpc.query("validators", "validators"), place="validators.validators").items("items")
    for each in found:
        if validator in (each.text("id"), each.text("moniker")):
            session.show(each.data)
            return
    monikers = tuple(each.text("moniker") for each in found)
    raise CommandFailed(f"no validator {validator!r}; {suggestion(validator, monikers)}", code=ExitCode.NOT_FOUND)
