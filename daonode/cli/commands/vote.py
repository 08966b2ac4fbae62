"""`daonode vote`: ballots and delegations."""

from __future__ import annotations

from typing import get_args

import rich_click as click

from daonode.cli.completion import complete_keys, complete_proposals
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.proposals import find_proposal, find_proposal_id, find_track
from daonode.cli.sending import send
from daonode.cli.session import Session, common, signing
from daonode.modules.governance.messages import Delegate, RemoveVote, Undelegate, Vote
from daonode.modules.governance.types import Choice
from daonode.primitives.addresses import encode_account


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Vote and delegate."""


@command.command()
@click.argument("proposal", shell_complete=complete_proposals)
@click.argument("choice", type=click.Choice(get_args(Choice)))
@click.option("--reason", default="", help="Why, for people; it stands in the event of the ballot.")
@signing
def cast(session: Session, proposal: str, choice: Choice, reason: str) -> None:
    """Cast a ballot, or change it."""
    sent = send(session, [Vote(proposal=find_proposal_id(session, proposal), choice=choice, reason=reason)])
    weight = sent.event("governance.VoteCast").get("weight")
    session.show({**sent.shown(), "choice": choice, "weight": weight})


@command.command()
@click.argument("proposal", shell_complete=complete_proposals)
@click.argument("voter", required=False)
@click.option("--cursor", default=None, help="Where the page before ended.")
@click.option("--limit", type=int, default=None, help="How many at most.")
@common
def show(session: Session, proposal: str, voter: str | None, cursor: str | None, limit: int | None) -> None:
    """Show the ballots on a proposal, or that of one voter."""
    found = str(find_proposal(session, proposal)["id"])
    if voter is not None:
        account = encode_account(session.address(voter))
        session.show(session.rpc.query("governance", "vote", {"proposal": found, "voter": account}))
        return
    arguments: JsonObject = {"proposal": found, "cursor": cursor, "limit": limit}
    given = {name: value for name, value in arguments.items() if value is not None}
    session.show(session.rpc.query("governance", "votes", given))


@command.command()
@click.argument("proposal", shell_complete=complete_proposals)
@signing
def remove(session: Session, proposal: str) -> None:
    """Take a ballot back."""
    session.show(send(session, [RemoveVote(proposal=find_proposal_id(session, proposal))]).shown())


@command.command()
@click.argument("to", shell_complete=complete_keys)
@click.option("--track", "tracks", multiple=True, required=True, help="On which track; may be given several times.")
@signing
def delegate(session: Session, to: str, tracks: tuple[str, ...]) -> None:
    """Let another account vote with one's power on proposals of a track, as long as one does not vote oneself."""
    delegate_to = session.address(to)
    sent = send(session, [Delegate(track=find_track(session, each).id, to=delegate_to) for each in tracks])
    session.show({**sent.shown(), "to": encode_account(delegate_to), "tracks": list(tracks)})


@command.command()
@click.option("--track", "tracks", multiple=True, required=True, help="On which track; may be given several times.")
@signing
def undelegate(session: Session, tracks: tuple[str, ...]) -> None:
    """End a delegation."""
    sent = send(session, [Undelegate(track=find_track(session, each).id) for each in tracks])
    session.show({**sent.shown(), "tracks": list(tracks)})
