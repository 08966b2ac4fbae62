"""`daonode tx`: transactions as files for one or more signers, and as committed facts with proofs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import rich_click as click

from daonode.cli.failures import CommandFailed, ExitCode
from daonode.cli.files import naming, read_transaction
from daonode.cli.lazy import SuggestingGroup
from daonode.cli.output import JsonObject
from daonode.cli.parameters import TX_ID
from daonode.cli.session import Session, common, sending, signing
from daonode.cli.values import read_messages, record_value
from daonode.client.submission import submit as send_only
from daonode.client.submission import submit_and_wait, wait_for_commit
from daonode.client.transaction_file import TransactionFile, combine, unsigned
from daonode.client.transactions import TxOptions, call_from_json, describe, plan
from daonode.ledger.errors import LedgerError
from daonode.ledger.transactions import Call, Transaction
from daonode.modules.accounts.types import KeyMember, KeyPolicy, Policy, ThresholdPolicy
from daonode.primitives.codec import DecodeError, decode
from daonode.primitives.ids import Address, PublicKey, TxId
from daonode.primitives.json_form import from_json

EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Build, sign, send and verify transactions."""


@command.command()
@click.argument("message", metavar="MODULE.MESSAGE", required=False)
@click.argument("values", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--messages", type=EXISTING, default=None, help='A JSON file instead: a list of {"type", "value"}.')
@click.option("--sender", default=None, help="The account that sends, where it is not that of --from: a multisig.")
@click.option("--memo", default="", help="Text that goes along.")
@click.option("-f", "--file", "path", type=click.Path(path_type=Path), required=True, help="The file to write.")
@signing
def build(
    session: Session,
    message: str | None,
    values: tuple[str, ...],
    messages: Path | None,
    **options: object,
) -> None:
    """Write a transaction file that nobody has signed yet.

    For example: daonode tx build accounts.Transfer destination=bob asset=dao amount=5 --from alice -f t.json
    """
    calls = _calls(session, message, values, messages)
    account, signers = _sender(session, cast(str | None, options["sender"]))
    chosen = TxOptions(
        lane=session.lane, gas_limit=session.gas_limit, max_fee=session.max_fee, memo=str(options["memo"])
    )
    file = unsigned(plan(session.rpc, calls, sender=account, signers=signers, options=chosen))
    path = cast(Path, options["path"])
    _write(path, file)
    session.show({"file": str(path), **_described(session, file)})


@command.command()
@click.argument("path", metavar="FILE", type=EXISTING)
@click.option("-f", "--file", "target", type=click.Path(path_type=Path), default=None, help="Write here instead.")
@signing
def sign(session: Session, path: Path, target: Path | None) -> None:
    """Add a signature to a transaction file."""
    file = read_transaction(path)
    session.check_chain(file.content.chain_id)
    file = file.sign(session.unlock(session.sender_name()))
    _write(target or path, file)
    session.show({"file": str(target or path), **_described(session, file)})


@command.command("combine")
@click.argument("paths", metavar="FILE...", type=EXISTING, nargs=-1, required=True)
@click.option("-f", "--file", "target", type=click.Path(path_type=Path), required=True, help="The file to write.")
@common
def combine_files(session: Session, paths: tuple[Path, ...], target: Path) -> None:
    """Put the signatures of several copies of a transaction file together."""
    file = read_transaction(paths[0])
    for path in paths[1:]:
        with naming(path):
            file = combine([file, read_transaction(path)])
    _write(target, file)
    session.show({"file": str(target), **_described(session, file)})


@command.command()
@click.argument("path", metavar="FILE", type=EXISTING)
@sending
def broadcast(session: Session, path: Path) -> None:
    """Send a signed transaction file."""
    file = read_transaction(path)
    with naming(path):
        transaction = file.finish()
    if not session.wait:
        session.show({"tx_id": _hex(send_only(session.rpc, transaction)), "height": None})
        return
    expires_at_ms = file.content.expires_at_ms
    answer = submit_and_wait(session.rpc, transaction, expires_at_ms=expires_at_ms, timeout_s=session.timeout_s)
    session.show({"tx_id": _hex(answer.tx_id), "height": answer.height, "receipt": answer.shown.get("receipt")})


@command.command()
@click.argument("tx_id", metavar="TX", type=TX_ID)
@click.option("--proof", is_flag=True, help="Verify that the chain committed it, trusting only the genesis document.")
@common
def show(session: Session, tx_id: TxId, proof: bool) -> None:
    """Show a transaction; with --proof, verify its receipt and the certificate of its block."""
    answer = session.rpc.transaction(tx_id)
    if not proof:
        session.show(answer.shown)
        return
    if not answer.is_committed:
        raise CommandFailed("the transaction is in no block yet: there is nothing to prove", code=ExitCode.NOT_FOUND)
    chain = session.trusted_chain
    verified = chain.verify_transaction(session.rpc, tx_id)
    header, receipt = verified.header, verified.receipt
    outcome = "succeeded" if receipt.code == 0 else f"failed with code {receipt.code}"
    said = (
        f"verified: transaction {_hex(tx_id)} {outcome}; its receipt is number {verified.index} of block "
        f"{header.height}, which a quorum of the {len(chain.validators.validators)} validators made final"
    )
    session.show(
        {
            **answer.shown,
            "verified": True,
            "proof": {
                "height": header.height,
                "block_id": _hex(header.id()),
                "receipts_root": _hex(header.receipts_root),
                "state_root": _hex(header.state_root),
                "genesis_hash": _hex(chain.genesis_hash),
                "said": said,
            },
        }
    )


@command.command()
@click.argument("tx_id", metavar="TX", type=TX_ID)
@click.option("--timeout", "timeout_s", type=float, default=30.0, show_default=True, help="Seconds to wait at most.")
@common
def wait(session: Session, tx_id: TxId, timeout_s: float) -> None:
    """Wait until a transaction is committed."""
    session.show(wait_for_commit(session.rpc, tx_id, timeout_s=timeout_s).shown)


@command.command("decode")
@click.argument("given", metavar="FILE|HEX")
@common
def decode_(session: Session, given: str) -> None:
    """Show what a transaction file, or an encoded transaction in hex, would do."""
    if given.startswith("0x"):
        try:
            transaction = decode(bytes.fromhex(given.removeprefix("0x")), Transaction)
        except (ValueError, DecodeError) as error:
            raise click.UsageError(f"not an encoded transaction: {error}") from error
        file = TransactionFile(body=transaction.body, signatures=transaction.signatures)
    elif Path(given).is_file():
        file = read_transaction(Path(given))
    else:
        raise click.UsageError(f"there is no file {given!r}; an encoded transaction in hex begins with 0x")
    session.show(_described(session, file))


def _calls(session: Session, message: str | None, values: tuple[str, ...], messages: Path | None) -> list[Call]:
    registry = session.genesis.registry
    if (message is None) == (messages is None):
        raise click.UsageError("give either a message and its fields, or --messages FILE")
    if message is not None:
        try:
            type_ = registry.message(message).type
        except LedgerError as error:
            raise click.UsageError(f"{error}; {getattr(error, 'hint', '')}") from error
        return [call_from_json(registry, message, dict(record_value(session, type_, values)), place=message)]
    assert messages is not None, "one of the two is given"
    with naming(messages):
        return [
            call_from_json(registry, type_, value, place=f"[{index}].value")
            for index, (type_, value) in enumerate(read_messages(messages))
        ]


def _sender(session: Session, sender: str | None) -> tuple[Address, tuple[PublicKey, ...]]:
    """The account that sends, and the keys whose signatures a simulation takes as given."""
    if sender is None:
        entry = session.keystore.entry(session.sender_name())
        return entry.address, (entry.public_key,)
    address = session.address(sender)
    shown = session.rpc.account(address).shown.get("policy")
    if shown is None:
        raise click.UsageError(f"{sender} has no policy on the chain yet; register it with accounts.CreateAccount")
    # The alias is a union, which is a type to the JSON form though not to the type checker.
    policy = from_json(shown, cast("type[Policy]", Policy), "policy")
    match policy:
        case KeyPolicy(public_key=public_key):
            return address, (public_key,)
        case ThresholdPolicy(members=members):
            keys = tuple(sorted(member.public_key for member in members if isinstance(member, KeyMember)))
            return address, keys


def _described(session: Session, file: TransactionFile) -> JsonObject:
    return {
        **describe(file.body, session.genesis.registry),
        "signed_by": [_hex(signature.public_key) for signature in file.signatures],
    }


def _write(path: Path, file: TransactionFile) -> None:
    """Replace the file at once: a signature that was given is never lost to a crash."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(file.to_bytes())
    beside.replace(path)


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
