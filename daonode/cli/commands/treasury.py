"""`daonode treasury`: what the DAO holds, what it pays, and how much it may pay."""

from __future__ import annotations

from typing import get_args

import rich_click as click

from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.session import Session, common
from daonode.client.answers import Answer
from daonode.modules.treasury.keys import SPENDS
from daonode.modules.treasury.types import SpendId, SpendStatus
from daonode.primitives.json_form import Json, to_json


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Look into the treasury."""


@command.command()
@click.argument("asset", required=False)
@common
def balance(session: Session, asset: str | None) -> None:
    """Show what the treasury holds, of one asset or of all."""
    if asset is not None:
        session.show(session.rpc.query("treasury", "balance", {"asset": asset}))
        return
    session.show(_of_all_assets(session, "balance"), columns=("asset", "amount", "committed"))


@command.command()
@click.option("--status", type=click.Choice(get_args(SpendStatus)), default=None, help="Only those of this status.")
@click.option("--cursor", default=None, help="Where the page before ended.")
@click.option("--limit", type=int, default=None, help="How many at most.")
@common
def spends(session: Session, status: str | None, cursor: str | None, limit: int | None) -> None:
    """List the payments that proposals approved, the newest first."""
    arguments: JsonObject = {"status": status, "cursor": cursor, "limit": limit}
    given = {name: value for name, value in arguments.items() if value is not None}
    columns = ("id", "status", "asset", "amount", "beneficiary", "proposal")
    session.show(session.rpc.query("treasury", "spends", given), columns=columns)


@command.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--proof", is_flag=True, help="Verify it under the state root, trusting only the genesis document.")
@common
def spend(session: Session, number: int, proof: bool) -> None:
    """Show one payment; with --proof, verify its record and the certificate of the block that has it."""
    shown = session.rpc.query("treasury", "spend", {"spend": str(number)})
    if not proof:
        session.show(shown)
        return
    chain = session.trusted_chain
    verified = chain.verify_value(session.rpc, SPENDS.state_key(SpendId(number)))
    if verified.value is None:
        raise CommandFailed(f"it is proven that there is no spend {number}", code=ExitCode.NOT_FOUND)
    record, header = to_json(SPENDS.decode_value(verified.value)), verified.header
    assert isinstance(record, dict), "a record is written as an object"
    said = (
        f"verified: the record of spend {number} stands under the state root of block {header.height}, "
        f"which a quorum of the {len(chain.validators.validators)} validators made final"
    )
    root: JsonObject = {"height": header.height, "state_root": f"0x{header.state_root.hex()}", "said": said}
    session.show({**record, "verified": True, "proof": root})


@command.command()
@click.argument("asset", required=False)
@common
def outflow(session: Session, asset: str | None) -> None:
    """Show what flowed out lately, and what the limit leaves; of one asset or of all."""
    if asset is not None:
        session.show(session.rpc.query("treasury", "outflow", {"asset": asset}))
        return
    session.show(_of_all_assets(session, "outflow"))


def _of_all_assets(session: Session, name: str) -> Json:
    assets = Answer(session.rpc.query("accounts", "assets"), place="accounts.assets").items("items")
    rows: list[Json] = [session.rpc.query("treasury", name, {"asset": each.text("asset")}) for each in assets]
    return rows
