"""From messages to signed bytes: bodies within the ledger's limits, signatures in its order, and what they cost.

`make_call` and `make_body` are pure; `plan` asks a node for what a person does not want to look up (sequence, time,
gas). Nothing is sent here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from daonode.client.answers import JsonObject, Status
from daonode.client.errors import FileFormatError, InvalidTransaction
from daonode.client.rpc import RpcClient
from daonode.client.wallet import SigningKey
from daonode.ledger.checking import TX_VERSION
from daonode.ledger.errors import OutOfGas, UnknownMessage
from daonode.ledger.params import GAS_PRICE_UNIT, max_transaction_gas
from daonode.ledger.registry import Registry
from daonode.ledger.transactions import (
    MAX_LANES,
    MAX_MEMO_BYTES,
    MAX_MESSAGES,
    MAX_SIGNATURES,
    MAX_TRANSACTION_BYTES,
    Call,
    Transaction,
    TxBody,
    TxSignature,
    tx_id,
)
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import Address, ChainId, PublicKey, Signature, TxId
from daonode.primitives.json_form import Json, JsonFormError, from_json, to_json
from daonode.primitives.signatures import SIGNATURE_BYTES
from daonode.primitives.times import format_time
from daonode.primitives.units import U64_MAX, ceil_div

DEFAULT_EXPIRY_MS: Final = 10 * 60 * 1_000
"""How long after the node's time a transaction may wait for a block, unless told otherwise."""
SIMULATION_GAS_LIMITS: Final = (2_000_000, 10_000_000)
"""What a simulation may use, tried in order: the sender must be able to pay for the limit, so it begins low."""
GAS_MARGIN_DIVISOR: Final = 4
GAS_MARGIN: Final = 10_000
"""The limit is what the simulation used, a quarter more and this: the state may have moved when it executes."""
FEE_MARGIN_FACTOR: Final = 2
"""The maximum fee allows the price to double; what is charged is the price in force."""


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What is sent: the bytes, and the id that they will have on the chain."""

    id: TxId
    raw: bytes


@dataclass(frozen=True, slots=True)
class TxOptions:
    """What a sender may choose; None is asked of the node. With a `gas_limit` nothing is simulated."""

    lane: int = 0
    sequence: int | None = None
    expires_in_ms: int | None = None
    gas_limit: int | None = None
    max_fee: int | None = None
    memo: str = ""


DEFAULT_OPTIONS: Final = TxOptions()


class WouldFail(InvalidTransaction):
    """The simulation of a transaction failed, so it was not signed. `code` is what its receipt would have had."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message, hint="with a gas limit given, it is sent without a simulation")
        self.code = code


def make_call(registry: Registry, message: Record) -> Call:
    """The call that carries a message, or `InvalidTransaction` where no module of the chain takes its type."""
    name = registry.message_name(type(message))
    if name is None:
        raise InvalidTransaction(f"no module of this chain takes {type(message).__name__}")
    return Call(type=name, body=encode(message))


def call_from_json(registry: Registry, type_: str, value: Json, *, place: str = "value") -> Call:
    """The call that carries a message given by its type's name and its JSON form.

    Raises:
        FileFormatError: no module takes the type, or the value has not its form; `place` begins the path.
    """
    try:
        entry = registry.message(type_)
        return Call(type=type_, body=encode(from_json(value, entry.type, place)))
    except UnknownMessage as error:
        raise FileFormatError(place=place, reason=f"{error.message}; {error.hint}") from error
    except JsonFormError as error:
        raise FileFormatError(place=error.path, reason=error.reason) from error
    except PrimitiveError as error:
        raise FileFormatError(place=place, reason=str(error)) from error


def make_body(
    calls: Sequence[Call],
    *,
    chain_id: ChainId,
    sender: Address,
    sequence: int,
    expires_at_ms: int,
    gas_limit: int,
    max_fee: int,
    lane: int = 0,
    memo: str = "",
) -> TxBody:
    """The body of a transaction, or `InvalidTransaction` where it breaks one of the ledger's limits."""
    if not 1 <= len(calls) <= MAX_MESSAGES:
        raise InvalidTransaction(f"a transaction has 1 to {MAX_MESSAGES} messages, got {len(calls)}")
    if not 0 <= lane < MAX_LANES:
        raise InvalidTransaction(f"a lane is a number from 0 to {MAX_LANES - 1}, got {lane}")
    if len(memo.encode()) > MAX_MEMO_BYTES:
        raise InvalidTransaction(f"a memo has at most {MAX_MEMO_BYTES} bytes of UTF-8, got {len(memo.encode())}")
    numbers = {"sequence": sequence, "expiry": expires_at_ms, "gas limit": gas_limit, "maximum fee": max_fee}
    for name, number in numbers.items():
        if not 0 <= number <= U64_MAX:
            raise InvalidTransaction(f"the {name} is a number from 0 to {U64_MAX}, got {number}")
    return TxBody(
        version=TX_VERSION,
        chain_id=chain_id,
        sender=sender,
        lane=lane,
        sequence=sequence,
        expires_at_ms=expires_at_ms,
        gas_limit=gas_limit,
        max_fee=max_fee,
        messages=tuple(calls),
        memo=memo,
    )


def sign_body(body: TxBody, keys: Iterable[SigningKey]) -> SignedTransaction:
    """Sign a body with each key, or raise `InvalidTransaction` as `assemble` does."""
    encoded = encode(body)
    return assemble(encoded, [key.sign_transaction(encoded) for key in keys])


def assemble(body: bytes, signatures: Iterable[TxSignature]) -> SignedTransaction:
    """Put an encoded body and signatures together as the ledger takes them: by ascending key, each key once.

    Raises:
        InvalidTransaction: there is no signature, there are too many, or the whole is too long.
    """
    by_key = {signature.public_key: signature for signature in signatures}
    if not 1 <= len(by_key) <= MAX_SIGNATURES:
        raise InvalidTransaction(f"a transaction has 1 to {MAX_SIGNATURES} signatures, got {len(by_key)}")
    raw = encode(Transaction(body=body, signatures=tuple(by_key[key] for key in sorted(by_key))))
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise InvalidTransaction(f"a transaction has at most {MAX_TRANSACTION_BYTES} bytes, this one {len(raw)}")
    return SignedTransaction(id=tx_id(body), raw=raw)


def describe(body: bytes, registry: Registry) -> JsonObject:
    """A body for people, before they sign it: its id, its fields and its messages in JSON form."""
    content = decode(body, TxBody)
    return {
        "tx_id": f"0x{tx_id(body).hex()}",
        "chain_id": content.chain_id,
        "sender": encode_account(content.sender),
        "lane": content.lane,
        "sequence": str(content.sequence),
        "expires_at": format_time(content.expires_at_ms),
        "gas_limit": str(content.gas_limit),
        "max_fee": str(content.max_fee),
        "memo": content.memo,
        "messages": [describe_call(call, registry) for call in content.messages],
    }


def describe_call(call: Call, registry: Registry) -> JsonObject:
    """A call as `{type, value}`, or `{type, body}` where it is none of this chain's."""
    entry = registry.messages.get(call.type)
    if entry is not None:
        try:
            return {"type": call.type, "value": to_json(decode(call.body, entry.type))}
        except PrimitiveError:
            pass
    return {"type": call.type, "body": f"0x{call.body.hex()}"}


def plan(
    rpc: RpcClient,
    calls: Sequence[Call],
    *,
    sender: Address,
    signers: Sequence[PublicKey],
    options: TxOptions = DEFAULT_OPTIONS,
) -> TxBody:
    """A body ready to be signed by the keys `signers`: sequence, expiry, gas limit and fee from the node.

    Raises:
        WouldFail: it would fail as the state is now.
        InvalidTransaction: it breaks a limit of the ledger.
        Unreachable, RpcError, BadAnswer: as the calls of `RpcClient`; `Rejected` where it cannot be included.
    """
    status = rpc.status()
    waiting = rpc.account(sender).next_sequence(options.lane) if options.sequence is None else options.sequence
    fees = rpc.fees()
    expires_in_ms = min(DEFAULT_EXPIRY_MS, fees.expiry_window_ms)
    if options.expires_in_ms is not None:
        expires_in_ms = options.expires_in_ms

    def body(*, gas_limit: int, sequence: int) -> TxBody:
        fee = ceil_div(gas_limit * fees.gas_price, GAS_PRICE_UNIT)
        return make_body(
            calls,
            chain_id=status.chain_id,
            sender=sender,
            sequence=sequence,
            expires_at_ms=_now_ms(status) + expires_in_ms,
            gas_limit=gas_limit,
            max_fee=min(fee * FEE_MARGIN_FACTOR, U64_MAX) if options.max_fee is None else options.max_fee,
            lane=options.lane,
            memo=options.memo,
        )

    if options.gas_limit is not None:
        return body(gas_limit=options.gas_limit, sequence=waiting)
    # A simulation runs on the committed state, where what waits in the mempool has not happened yet.
    committed = _committed_sequence(rpc, sender, lane=options.lane)
    max_gas = max_transaction_gas(fees.max_block_gas)
    limits = [min(limit, max_gas) for limit in SIMULATION_GAS_LIMITS]
    used = _simulate(rpc, [body(gas_limit=limit, sequence=committed) for limit in limits], signers)
    with_margin = used + used // GAS_MARGIN_DIVISOR + GAS_MARGIN
    return body(gas_limit=min(with_margin, max_gas), sequence=waiting)


def _simulate(rpc: RpcClient, bodies: Sequence[TxBody], signers: Sequence[PublicKey]) -> int:
    """Return the gas that the first of the bodies that does not run out of it uses, or raise `WouldFail`."""
    # Simulations take signatures as valid; their number and keys count.
    unsigned = [TxSignature(public_key=key, signature=Signature(bytes(SIGNATURE_BYTES))) for key in signers]
    code, error = 0, ""
    for body in bodies:
        simulation = rpc.simulate(assemble(encode(body), unsigned).raw)
        if not simulation.code:
            return simulation.gas_used
        code, error = simulation.code, simulation.error
        if code != OutOfGas.code:
            break
    raise WouldFail(f"this transaction would fail: {error}", code=code)


def _committed_sequence(rpc: RpcClient, sender: Address, *, lane: int) -> int:
    sequences = rpc.query("accounts", "account", {"account": encode_account(sender)}).get("sequences")
    if not isinstance(sequences, list) or lane >= len(sequences):
        return 0
    return int(str(sequences[lane]))


def _now_ms(status: Status) -> int:
    """The node's time. A block's may be long past on an idle chain, so without the node's clock ours counts too."""
    if status.clock_ms is not None:
        return status.clock_ms
    return max(status.time_ms, time.time_ns() // 1_000_000)
