"""`daonode validator`: who makes the blocks, and what a validator's operator asks of the chain."""

from __future__ import annotations

import secrets

import rich_click as click

from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.parameters import AMOUNT, PUBLIC_KEY
from daonode.cli.sending import send
from daonode.cli.session import Session, common, signing
from daonode.client.answers import Answer
from daonode.modules.validators.messages import Bond, Candidate, Leave, RotateConsensusKey, Unbond, Unjail
from daonode.node.home import SEED_BYTES, read_seed, write_seed
from daonode.primitives.addresses import decode_validator
from daonode.primitives.codec import Record
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.primitives.json_form import Json, suggestion
from daonode.primitives.signatures import public_key_of
from daonode.primitives.units import Amount


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Look up validators, and run one."""


@command.command("list")
@common
def list_(session: Session) -> None:
    """List the validators: power and standing, and how often each proposed or failed to at its turn."""
    columns = ("moniker", "power", "standing", "proposed", "failed", "id")
    answer, members = _ask(session), _members(session)
    rows: list[Json] = [_shown(each, members) for each in answer.items("items")]
    session.show({**answer.data, "items": rows}, columns=columns)


@command.command()
@click.argument("validator")
@common
def show(session: Session, validator: str) -> None:
    """Show one validator, by id (daoval1...) or moniker."""
    session.show(_shown(_find(session, validator), _members(session)))


@command.command()
@click.argument("validator", required=False)
@click.option("--address", default="", help="A multiaddress at which its node is reached, where that is public.")
@click.option("--node-key", type=PUBLIC_KEY, default=None, help="Its libp2p host's key, by default that of the home.")
@signing
def join(session: Session, validator: str | None, address: str, node_key: PublicKey | None) -> None:
    """Be in the next validator set. The DAO has approved the validator, by default that of the home."""
    found = _own(session, validator)
    node_key = node_key or public_key_of(read_seed(session.home.node_key))
    _send(session, found, Candidate(validator=_id(found), node_key=node_key, address=address))


@command.command()
@click.argument("validator", required=False)
@signing
def leave(session: Session, validator: str | None) -> None:
    """Be in no further validator set. Keep the node running until the epoch is over: it is needed until then."""
    found = _own(session, validator)
    _send(session, found, Leave(validator=_id(found)))


@command.command()
@click.argument("amount", type=AMOUNT)
@click.argument("validator", required=False)
@signing
def bond(session: Session, amount: int, validator: str | None) -> None:
    """Put up so many base units of the native asset, from the account that speaks for the validator."""
    found = _own(session, validator)
    _send(session, found, Bond(validator=_id(found), amount=Amount(amount)))


@command.command()
@click.argument("amount", type=AMOUNT)
@click.argument("validator", required=False)
@signing
def unbond(session: Session, amount: int, validator: str | None) -> None:
    """Have so many base units of the bond paid back, after the chain's delay; until then they can be burnt."""
    found = _own(session, validator)
    _send(session, found, Unbond(validator=_id(found), amount=Amount(amount)))


@command.command()
@click.argument("validator", required=False)
@signing
def unjail(session: Session, validator: str | None) -> None:
    """Leave jail, once the time is over, and be in the next validator set."""
    found = _own(session, validator)
    _send(session, found, Unjail(validator=_id(found)))


@command.command("rotate-key")
@click.argument("validator", required=False)
@click.option("--public-key", type=PUBLIC_KEY, default=None, help="A key that is kept elsewhere; else one is made.")
@signing
def rotate_key(session: Session, validator: str | None, public_key: PublicKey | None) -> None:
    """Sign with another consensus key from the next epoch on.

    A key that is made here is written to config/validator_key_next before anything is sent; the node signs with it
    after its next start, as soon as it is the validator's.
    """
    found = _own(session, validator)
    public_key = public_key or _next_key(session)
    _send(session, found, RotateConsensusKey(validator=_id(found), public_key=public_key))


def _next_key(session: Session) -> PublicKey:
    """The key that takes over: made here, unless an earlier attempt has made it."""
    path = session.home.next_validator_key
    if path.exists():
        session.say(f"{path} exists already: its key is used")
    else:
        write_seed(path, secrets.token_bytes(SEED_BYTES))
        session.say(f"{path} is written; restart the node before the next epoch")
    return public_key_of(read_seed(path))


def _send(session: Session, validator: Answer, message: Record) -> None:
    sent = send(session, [message])
    session.show({**sent.shown(), "validator": validator.text("id"), "moniker": validator.text("moniker")})


def _own(session: Session, name: str | None) -> Answer:
    """The validator that a command is about: the one named, else the one whose consensus key the home has."""
    if name is not None:
        return _find(session, name)
    home = session.home
    paths = [path for path in (home.validator_key, home.next_validator_key) if path.exists()]
    if not paths:
        raise click.UsageError(f"which validator? {home.path} has no consensus key; name one by its id or moniker")
    keys = {f"0x{public_key_of(read_seed(path)).hex()}": path for path in paths}
    for each in _validators(session):
        if each.text("public_key") in keys:
            return each
    raise CommandFailed(
        f"no validator has the consensus key of {home.path}: the DAO has to approve {next(iter(keys))} first",
        code=ExitCode.NOT_FOUND,
    )


def _find(session: Session, name: str) -> Answer:
    found = _validators(session)
    for each in found:
        if name in (each.text("id"), each.text("moniker")):
            return each
    monikers = tuple(each.text("moniker") for each in found)
    raise CommandFailed(f"no validator {name!r}; {suggestion(name, monikers)}", code=ExitCode.NOT_FOUND)


def _validators(session: Session) -> tuple[Answer, ...]:
    return _ask(session).items("items")


def _ask(session: Session) -> Answer:
    return Answer(session.rpc.query("validators", "validators"), place="validators.validators")


def _members(session: Session) -> tuple[str, ...]:
    """The ids of the present validator set."""
    answer = Answer(session.rpc.validators(), place="dao_getValidators")
    return tuple(each.text("id") for each in answer.items("validators"))


def _id(validator: Answer) -> ValidatorId:
    return decode_validator(validator.text("id"))


def _shown(validator: Answer, members: tuple[str, ...]) -> JsonObject:
    """A validator with a word for what it is to the present set and the next."""
    data = validator.data
    is_member, is_willing = data["id"] in members, data["is_willing"] and data["weight"] != 0
    if data["is_removed"]:
        standing = "removed"
    elif data["jailed_until"] is not None:
        standing = "jailed"
    elif is_willing:
        standing = "active" if is_member else "joining"
    else:
        standing = "leaving" if is_member else "out"
    return {**data, "standing": standing}
