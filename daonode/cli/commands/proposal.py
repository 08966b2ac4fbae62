"""`daonode proposal`: write, check, submit and follow proposals."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from time import monotonic
from typing import cast

import rich_click as click

from daonode.cli.completion import complete_proposals
from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.files import naming, read_proposal
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.parameters import AMOUNT, DURATION
from daonode.cli.proposals import deposit_due, find_proposal, find_track, proposal_text, with_decoded_actions
from daonode.cli.sending import send
from daonode.cli.session import Session, common, signing
from daonode.cli.values import read_messages
from daonode.client.proposal_file import Action, ProposalFile, write_proposal
from daonode.client.transactions import call_from_json, make_call, plan
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.governance.types import ENDED, ProposalIdentity, proposal_id
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.ids import AssetId
from daonode.primitives.json_form import Json, to_json
from daonode.primitives.units import Amount, DurationMs

WATCH_SECONDS = 0.5
"""Between two looks at a proposal that is watched."""
FOREVER_SECONDS = 366 * 86_400.0


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Write, submit and follow proposals."""


@command.group(cls=SuggestingGroup)
def new() -> None:
    """Write a proposal file, to be edited and submitted."""


def _file_options(decorated: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(
        (
            click.option("-f", "--file", "path", type=click.Path(path_type=Path), required=True, help="The file."),
            click.option("--title", default=None, help="A line that says what is proposed."),
            click.option("--body", default="", help="Why, in Markdown."),
            click.option("--deposit", type=AMOUNT, default=None, help="Base units; by default what the track asks."),
            click.option("--enactment", type=DURATION, default=None, help="A timelock longer than the track's."),
            click.option("--force", is_flag=True, help="Replace a file that exists."),
        )
    ):
        decorated = option(decorated)
    return decorated


@new.command("treasury-transfer")
@click.option("--to", required=True, metavar="ADDRESS", help="Who is paid: an address or a key's name.")
@click.option("--amount", type=AMOUNT, required=True, help="How much, in base units.")
@click.option("--asset", default="dao", show_default=True, help="Of which asset.")
@click.option("--track", default="treasury", show_default=True, help="A track's name or number.")
@_file_options
@common
def treasury_transfer(session: Session, to: str, amount: int, asset: str, track: str, **options: object) -> None:
    """A payment from the treasury."""
    spend = ApproveSpend(asset=AssetId(asset), amount=Amount(amount), beneficiary=session.address(to))
    title = str(options["title"] or f"Pay {amount} {asset} from the treasury to {to}")
    value = to_json(spend)
    assert isinstance(value, dict), "a record is written as an object"
    present: dict[str, Json] = {name: each for name, each in value.items() if each is not None}
    _write(
        session,
        track=track,
        title=title,
        actions=(Action(type="treasury.ApproveSpend", value=present),),
        options=options,
    )


@new.command()
@click.option("--track", default="community", show_default=True, help="A track's name or number.")
@_file_options
@common
def text(session: Session, track: str, **options: object) -> None:
    """A statement that does nothing by itself."""
    _write(session, track=track, title=str(options["title"] or "A title"), actions=(), options=options)


@new.command("from")
@click.argument("messages", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--track", required=True, help="A track's name or number.")
@_file_options
@common
def from_messages(session: Session, messages: Path, track: str, **options: object) -> None:
    """Any messages, from a JSON file: a list of {"type", "value"}."""
    actions = [Action(type=type_, value=value) for type_, value in read_messages(messages)]
    with naming(messages):
        for index, each in enumerate(actions):
            call_from_json(session.genesis.registry, each.type, each.value, place=f"[{index}].value")
    _write(session, track=track, title=str(options["title"] or "A title"), actions=tuple(actions), options=options)


def _write(
    session: Session, *, track: str, title: str, actions: tuple[Action, ...], options: dict[str, object]
) -> None:
    path = cast(Path, options["path"])
    proposal = ProposalFile(
        title=title,
        body=str(options["body"]),
        track=track,
        actions=actions,
        deposit=cast("Amount | None", options["deposit"]),
        enactment=cast("DurationMs | None", options["enactment"]),
    )
    proposal.calls(session.genesis.registry)
    if path.exists() and not options["force"]:
        raise click.UsageError(f"{path} exists already; give --force to replace it")
    path.write_bytes(write_proposal(proposal))
    session.show({"file": str(path), "title": title, "track": track, "actions": [each.type for each in actions]})


@command.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common
def validate(session: Session, path: Path) -> None:
    """Check a proposal file against the chain's messages, without a node."""
    proposal = read_proposal(path)
    with naming(path):
        calls = proposal.calls(session.genesis.registry)
    session.show(
        {"valid": True, "title": proposal.title, "track": str(proposal.track), "actions": [each.type for each in calls]}
    )


@command.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@signing
def simulate(session: Session, path: Path) -> None:
    """Show what submitting a proposal would do and cost now; nothing is signed or sent.

    What its actions do is decided when they execute; here they are shown decoded.
    """
    message = _message(session, path)
    entry = session.keystore.entry(session.sender_name())
    registry = session.genesis.registry
    body = plan(session.rpc, [make_call(registry, message)], sender=entry.address, signers=(entry.public_key,))
    fees = session.rpc.fees()
    actions = with_decoded_actions(session, {"actions": [to_json(call) for call in message.actions]})["actions"]
    session.show(
        {
            "accepted": True,
            "deposit": str(message.deposit),
            "gas_limit": str(body.gas_limit),
            "max_fee": str(body.max_fee),
            "gas_price": str(fees.gas_price),
            "actions": actions,
        }
    )


@command.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@signing
def submit(session: Session, path: Path) -> None:
    """Submit a proposal file; its deposit is locked until the decision."""
    message = _message(session, path)
    sent = send(session, [message])
    identity = ProposalIdentity(
        chain_id=sent.body.chain_id,
        sender=sent.body.sender,
        lane=sent.body.lane,
        sequence=sent.body.sequence,
        message_index=0,
    )
    submitted = sent.event("governance.ProposalSubmitted")
    session.show(
        {
            **sent.shown(),
            "proposal_id": f"0x{proposal_id(identity).hex()}",
            "number": submitted.get("number"),
            "deposit": str(message.deposit),
        }
    )


def _message(session: Session, path: Path) -> SubmitProposal:
    proposal = read_proposal(path)
    track = find_track(session, proposal.track)
    with naming(path):
        return proposal.message(session.genesis.registry, track=track.id, deposit=deposit_due(session, track))


@command.command("list")
@click.option("--status", default=None, help="Only those of this status.")
@click.option("--track", default=None, help="Only those of this track.")
@click.option("--cursor", default=None, help="Where the page before ended.")
@click.option("--limit", type=int, default=None, help="How many at most.")
@common
def list_(session: Session, status: str | None, track: str | None, cursor: str | None, limit: int | None) -> None:
    """List proposals, the newest first."""
    filters: JsonObject = {"status": status, "cursor": cursor, "limit": limit}
    if track is not None:
        filters["track"] = find_track(session, track).id
    given = {name: value for name, value in filters.items() if value is not None}
    session.show(session.rpc.proposals(given), columns=("number", "status", "title", "id"))


@command.command()
@click.argument("proposal", shell_complete=complete_proposals)
@common
def show(session: Session, proposal: str) -> None:
    """Show one proposal, by number, id or the beginning of an id."""
    _show(session, find_proposal(session, proposal))


@command.command()
@click.argument("proposal", shell_complete=complete_proposals)
@click.option("--until", default=None, metavar="STATUS", help="Stop at this status, by default at an end.")
@click.option("--timeout", "timeout_s", type=float, default=FOREVER_SECONDS, help="Seconds to watch at most.")
@common
def watch(session: Session, proposal: str, until: str | None, timeout_s: float) -> None:
    """Follow a proposal to its end and show it then; each change is told on standard error."""
    deadline_s = monotonic() + timeout_s
    found = find_proposal(session, proposal)
    last = ""
    while True:
        status = str(found["status"])
        if status != last:
            session.say(f"proposal {found['number']}: {status.replace('_', ' ')}")
            last = status
        if status == until or status in ENDED:
            break
        if monotonic() >= deadline_s:
            raise CommandFailed(f"proposal {found['number']} is {status}", code=ExitCode.UNKNOWN_OUTCOME)
        Event().wait(WATCH_SECONDS)
        found = session.rpc.proposal(str(found["id"]))
    _show(session, found)
    if until is not None and status != until:
        raise CommandFailed(f"proposal {found['number']} ended as {status}, not as {until}", code=ExitCode.FAILED)


def _show(session: Session, proposal: JsonObject) -> None:
    decoded = with_decoded_actions(session, proposal)
    session.show(decoded, text=lambda: proposal_text(session, decoded))
