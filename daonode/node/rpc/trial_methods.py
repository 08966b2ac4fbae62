"""Methods that try a transaction without sending it: what it would do, and what it would cost.

A signature is taken as valid, so a wallet may ask before its owner signs: with the body and the keys that will sign.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from daonode.ledger.application import Application
from daonode.ledger.block import Receipt
from daonode.ledger.errors import BlockFull, TransactionError
from daonode.ledger.params import GAS_PRICE_UNIT, LedgerParams, load_params
from daonode.ledger.transactions import MAX_SIGNATURES, MAX_TRANSACTION_BYTES, Transaction, TxSignature
from daonode.node.api import version_at_tip
from daonode.node.rpc.costs import WORK
from daonode.node.rpc.errors import InvalidInput, TooMuch, of_transaction
from daonode.node.rpc.forms import event_value
from daonode.node.rpc.method import RpcNode, method
from daonode.node.rpc.results import FeeResult, SimulatedEventForm, SimulationResult
from daonode.primitives.codec import U64, Record, encode
from daonode.primitives.ids import SIGNATURE_BYTES, PublicKey, Signature
from daonode.primitives.json_texts import decimal
from daonode.primitives.times import format_duration
from daonode.replica.archive import Archive

GAS_MARGIN_BPS: Final = 2_500
"""How much more gas than used now is advised: the state may change before the transaction is included."""

Encoded = Annotated[bytes, Meta(min_length=1, max_length=MAX_TRANSACTION_BYTES)]


class TrialParameters(Record, frozen=True):
    """An encoded transaction, signed or not; or its encoded body, and the public keys that will sign it."""

    transaction: Encoded | None = None
    body: Encoded | None = None
    keys: Annotated[tuple[PublicKey, ...], Meta(max_length=MAX_SIGNATURES)] = ()


class FeeParameters(Record, frozen=True):
    """A gas limit whose fee is wanted, or a transaction as for `dao_simulate`, or nothing."""

    gas_limit: U64 | None = None
    transaction: Encoded | None = None
    body: Encoded | None = None
    keys: Annotated[tuple[PublicKey, ...], Meta(max_length=MAX_SIGNATURES)] = ()


async def simulate(node: RpcNode, parameters: TrialParameters) -> SimulationResult:
    """What a transaction would do in the next block; its signatures are taken as valid."""
    raw = _transaction_of(transaction=parameters.transaction, body=parameters.body, keys=parameters.keys)
    if raw is None:
        raise InvalidInput("no transaction is given", reason="nothing_given", hint="give transaction, or body and keys")
    receipt = await _try(node, raw)
    registry = node.api.application.registry
    return SimulationResult(
        code=receipt.code,
        error=receipt.error,
        gas_used=decimal(receipt.gas_used),
        fee=decimal(receipt.fee),
        events=[SimulatedEventForm(type=each.type, value=event_value(registry, each)) for each in receipt.events],
    )


async def estimate_fee(node: RpcNode, parameters: FeeParameters) -> FeeResult:
    """The price of gas, and what a gas limit or a transaction costs."""
    raw = _transaction_of(transaction=parameters.transaction, body=parameters.body, keys=parameters.keys)
    limit, gas_used = parameters.gas_limit, None
    if raw is not None and limit is not None:
        raise InvalidInput("both a gas limit and a transaction are given", reason="ambiguous", hint="give one of them")
    if raw is not None:
        gas_used = (await _try(node, raw)).gas_used
    ledger = await node.read(_read_params)
    if gas_used is not None:
        limit = min(gas_used + gas_used * GAS_MARGIN_BPS // 10_000, ledger.max_block_gas)
    return FeeResult(
        gas_price=decimal(ledger.gas_price),
        gas_unit=decimal(GAS_PRICE_UNIT),
        gas_limit=None if limit is None else decimal(limit),
        fee=None if limit is None else decimal(ledger.fee_of(limit)),
        gas_used=None if gas_used is None else decimal(gas_used),
        max_block_gas=decimal(ledger.max_block_gas),
        expiry_window=format_duration(ledger.expiry_window),
    )


def _transaction_of(*, transaction: bytes | None, body: bytes | None, keys: tuple[PublicKey, ...]) -> bytes | None:
    """The transaction to try; None where none is given."""
    if transaction is not None and (body is not None or keys):
        raise InvalidInput(
            "both a transaction and a body are given", reason="ambiguous", hint="give transaction, or body and keys"
        )
    if body is None:
        if keys:
            raise InvalidInput("keys are given without a body", reason="nothing_given", hint="give body and keys")
        return transaction
    if not keys:
        raise InvalidInput("a body is given without keys", reason="nothing_given", hint="name the keys that will sign")
    unsigned = Signature(bytes(SIGNATURE_BYTES))
    return encode(Transaction(body, tuple(TxSignature(key, unsigned) for key in sorted(set(keys)))))


async def _try(node: RpcNode, raw: bytes) -> Receipt:
    application, now_ms = node.api.application, node.api.now_ms()

    def run(archive: Archive) -> Receipt:
        return _simulate(application, archive, raw, now_ms=now_ms)

    try:
        return await node.read(run)
    except TransactionError as error:
        raise of_transaction(error) from None
    except BlockFull as error:
        raise TooMuch(str(error), reason="block_full", hint="lower the gas limit") from None


def _simulate(application: Application, archive: Archive, raw: bytes, *, now_ms: int) -> Receipt:
    return application.simulate(version_at_tip(archive), raw, now_ms=now_ms)


def _read_params(archive: Archive) -> LedgerParams:
    return load_params(archive.state_at_tip())


TRIAL_METHODS = (
    method("dao_simulate", TrialParameters, SimulationResult, simulate, cost=WORK),
    method("dao_estimateFee", FeeParameters, FeeResult, estimate_fee, cost=WORK),
)
