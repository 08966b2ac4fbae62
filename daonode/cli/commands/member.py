"""`daonode member`: who belongs to the DAO."""

from __future__ import annotations

import rich_click as click

from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.sending import send
from daonode.cli.session import Session, common, signing
from daonode.modules.identity.messages import RegisterMember
from daonode.primitives.addresses import encode_account


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Look up and register members."""


@command.command("list")
@click.option("--cursor", default=None, help="Where the page before ended.")
@click.option("--limit", type=int, default=None, help="How many at most.")
@click.option("--former", is_flag=True, help="Also those who are no longer members.")
@common
def list_(session: Session, cursor: str | None, limit: int | None, former: bool) -> None:
    """List members in the order of their registration."""
    arguments: JsonObject = {"cursor": cursor, "limit": limit, "include_former": former}
    given = {name: value for name, value in arguments.items() if value is not None}
    session.show(
        session.rpc.query("identity", "members", given), columns=("index", "name", "role", "active", "account")
    )


@command.command()
@click.argument("member")
@common
def show(session: Session, member: str) -> None:
    """Show one member, by address or by the name of a key."""
    account = encode_account(session.address(member))
    session.show(session.rpc.query("identity", "member", {"account": account}))


@command.command()
@click.argument("account")
@click.option("--name", default=None, help="What people call the member; by default the text given for the account.")
@click.option("--role", default="", help="What the member is to the DAO: a word of a-z, 0-9 and -.")
@signing
def register(session: Session, account: str, name: str | None, role: str) -> None:
    """Make an account a member; --from is a registrar."""
    address = session.address(account)
    sent = send(session, [RegisterMember(account=address, name=name or account, role=role)])
    session.show({**sent.shown(), "account": encode_account(address), "name": name or account})
