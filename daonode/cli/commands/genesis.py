"""`daonode genesis`: the document that a chain begins with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import rich_click as click
from msgspec.structs import replace

from daonode.cli.files import naming, read_genesis
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.parameters import AMOUNT, DURATION, PUBLIC_KEY
from daonode.cli.session import Session, common
from daonode.genesis.builder import DEFAULT_DEPOSIT, NATIVE_ASSET, NATIVE_DECIMALS, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, GenesisDocument, make_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import make_initial_state
from daonode.modules.accounts.genesis import GenesisAsset, GenesisBalance
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.types import validator_id
from daonode.node.home import read_seed
from daonode.primitives.addresses import encode_validator
from daonode.primitives.ids import AssetId, PublicKey, check_chain_id
from daonode.primitives.signatures import public_key_of
from daonode.primitives.units import Amount, DurationMs, TimeMs


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Make and check genesis documents."""


@command.command()
@click.option("--chain-id", required=True, help="CAIP-2: daonode: and 1 to 32 of - _ a-z A-Z 0-9.")
@click.option("--account", "accounts", multiple=True, metavar="ADDRESS=AMOUNT", help="A balance, in base units.")
@click.option("--member", "members", multiple=True, metavar="ADDRESS=NAME", help="A member.")
@click.option("--registrar", "registrars", multiple=True, metavar="ADDRESS", help="Who may register members.")
@click.option("--treasury", multiple=True, metavar="ASSET=AMOUNT", help="What the treasury holds, in base units.")
@click.option("--voting-period", type=DURATION, default="7d", show_default=True, help="How long a vote lasts.")
@click.option("--confirm-period", type=DURATION, default="1d", show_default=True, help="How long it must be passing.")
@click.option("--timelock", type=DURATION, default="2d", show_default=True, help="From passing to execution.")
@click.option("--deposit", type=AMOUNT, default=DEFAULT_DEPOSIT, show_default=True, help="Of a proposal, base units.")
@click.option("-f", "--file", "path", type=click.Path(path_type=Path), required=True, help="The file to write.")
@common
def new(session: Session, **options: object) -> None:
    """Write a document that lacks only its validators. Where an address is meant, a key's name does too."""
    given = {name: cast("tuple[str, ...]", options[name]) for name in ("accounts", "members", "registrars", "treasury")}
    path = cast(Path, options["path"])
    if path.exists():
        raise click.UsageError(f"{path} exists already; choose another file, or remove it first")
    balances = {session.address(address): _amount(text) for address, text in map(_pair, given["accounts"])}
    treasury = [(AssetId(asset), _amount(text)) for asset, text in map(_pair, given["treasury"])]
    plan = ChainPlan(
        chain=ChainDescription(
            chain_id=check_chain_id(str(options["chain_id"])), genesis_time=TimeMs(time.time_ns() // 1_000_000)
        ),
        validators=(),
        balances=balances,
        members=tuple(
            GenesisMember(account=session.address(address), name=name) for address, name in map(_pair, given["members"])
        ),
        registrars=tuple(session.address(address) for address in given["registrars"]),
        treasury=tuple(GenesisBalance(asset=asset, amount=amount) for asset, amount in treasury),
        other_assets=tuple(
            GenesisAsset(id=asset, decimals=NATIVE_DECIMALS) for asset, _ in treasury if asset != NATIVE_ASSET
        ),
        periods=Periods(
            decision=DurationMs(cast(int, options["voting_period"])),
            confirm=DurationMs(cast(int, options["confirm_period"])),
            enactment=DurationMs(cast(int, options["timelock"])),
        ),
        deposit=Amount(cast(int, options["deposit"])),
    )
    document = build_document(plan)
    path.write_bytes(document.to_bytes())
    session.show({"file": str(path), "chain_id": plan.chain.chain_id, "hash": _hash(document)})
    session.say("add its validators: daonode genesis add-validator")


@command.command("add-validator")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--moniker", required=True, help="What people call the validator.")
@click.option("--payout", required=True, metavar="ADDRESS", help="Who gets its fees: an address or a key's name.")
@click.option("--power", type=click.IntRange(1, 2**32), default=1, show_default=True, help="Its voting power.")
@click.option("--public-key", type=PUBLIC_KEY, default=None, help="Its consensus key, by default that of the home.")
@click.option("--node-key", type=PUBLIC_KEY, default=None, help="Its libp2p host's key, by default that of the home.")
@common
def add_validator(session: Session, path: Path, **options: object) -> None:
    """Add a validator to a document; without keys, the one of this home."""
    document = read_genesis(path)
    own_public_key = cast("PublicKey | None", options["public_key"])
    node_key = cast("PublicKey | None", options["node_key"])
    if own_public_key is None:
        own_public_key = public_key_of(read_seed(session.home.validator_key))
        node_key = node_key or public_key_of(read_seed(session.home.node_key))
    section = document.sections.get("validators")
    if not isinstance(section, ValidatorsGenesis):
        with naming(path):
            raise GenesisError(path="$.modules.validators", reason="this section is missing")
    added = GenesisValidator(
        public_key=own_public_key,
        power=cast(int, options["power"]),
        payout_account=session.address(str(options["payout"])),
        moniker=str(options["moniker"]),
        node_key=node_key,
    )
    changed = replace(section, validators=(*section.validators, added))
    document = make_document(document.chain, {**document.sections, "validators": changed}, document.registry)
    # Whether the modules take it shows before the file is replaced.
    with naming(path):
        make_initial_state(document)
    path.write_bytes(document.to_bytes())
    id_text = encode_validator(validator_id(own_public_key))
    session.show({"file": str(path), "id": id_text, "validators": len(changed.validators), "hash": _hash(document)})


@command.command()
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common
def validate(session: Session, path: Path | None) -> None:
    """Check a document, by default the home's: the first state is made, and errors name the place in the document."""
    document = _document(session, path)
    with naming(path or session.home.genesis):
        initial = make_initial_state(document)
    session.show(
        {
            "valid": True,
            "chain_id": document.chain.chain_id,
            "hash": _hash(document),
            "block_id": f"0x{initial.header.id().hex()}",
            "state_root": f"0x{initial.header.state_root.hex()}",
            "validators": len(initial.validators.validators),
            "modules": list(document.sections),
        }
    )


@command.command("hash")
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common
def hash_(session: Session, path: Path | None) -> None:
    """Show the hash that names a document, by default the home's, however it is written."""
    session.show({"hash": _hash(_document(session, path))})


def _document(session: Session, path: Path | None) -> GenesisDocument:
    return session.genesis if path is None else read_genesis(path)


def _hash(document: GenesisDocument) -> str:
    return f"0x{document.hash().hex()}"


def _pair(text: str) -> tuple[str, str]:
    left, separator, right = text.partition("=")
    if not separator or not left or not right:
        raise click.UsageError(f"{text!r}: expected two parts with = between them")
    return left, right


def _amount(text: str) -> Amount:
    return Amount(AMOUNT.convert(text, None, None))
