"""A chain of one tiny module, for tests of the ledger: counters, and purses that pay fees.

The module is a real one, only small. `Counters` is its own authenticator: an account belongs to the one key that its
address is the hash of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from daonode.ledger.application import Application
from daonode.ledger.block import BlockInfo, BlockResult, Payload
from daonode.ledger.context import Context
from daonode.ledger.errors import FeeTooLow, TransactionError, Unauthorised, WrongSequence
from daonode.ledger.module import Handler, Invariant, QueryContext
from daonode.ledger.overlay import Overlay
from daonode.ledger.params import PARAMS, LedgerParams
from daonode.ledger.registry import Registry
from daonode.ledger.state import StateReader
from daonode.ledger.table import ADDRESS_KEY, TEXT_KEY, U64_KEY, Table, pair_key
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.ledger.tree import OverlayReader, update
from daonode.ledger.versions import StateVersion
from daonode.primitives.codec import U64, Record, encode
from daonode.primitives.hashing import ACCOUNT_TAG, tagged_hash
from daonode.primitives.ids import Address, ChainId, PublicKey, ValidatorId
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, checked_add

CHAIN = ChainId("daonode:test")
PROPOSER = ValidatorId(b"p" * 32)
GENESIS_MS = 1_000_000
FUNDS = 1_000_000


class Counter(Record, frozen=True):
    value: U64


class Purse(Record, frozen=True):
    balance: Amount


class NextSequence(Record, frozen=True):
    sequence: U64


COUNTERS = Table("counter", 1, TEXT_KEY, Counter)
PURSES = Table("counter", 2, ADDRESS_KEY, Purse)
LANES = Table("counter", 3, pair_key(ADDRESS_KEY, U64_KEY), NextSequence)


class Add(Record, frozen=True):
    """Raise a counter."""

    name: str
    amount: U64


class Refuse(Record, frozen=True):
    """Write, then refuse."""

    name: str


class Plan(Record, frozen=True):
    """Schedule a deadline."""

    time_ms: U64
    item: bytes


class Nest(Record, frozen=True):
    """Dispatch calls; with `tolerant`, go on after those that refuse."""

    calls: tuple[Call, ...]
    tolerant: bool


class Added(Record, frozen=True):
    name: str
    value: U64


class Refused(TransactionError):
    code = 10_001
    reason = "refused"


class GenesisCounter(Record, frozen=True):
    name: str
    value: U64


class GenesisPurse(Record, frozen=True):
    account: Address
    balance: Amount


class CounterGenesis(Record, frozen=True):
    counters: tuple[GenesisCounter, ...] = ()
    purses: tuple[GenesisPurse, ...] = ()


class ValueArguments(Record, frozen=True):
    name: str


@dataclass(frozen=True, slots=True)
class ValueQuery:
    arguments: type[Record] = ValueArguments
    result: type[Record] = Counter

    def run(self, context: QueryContext, arguments: Record) -> Record:
        assert isinstance(arguments, ValueArguments)
        return COUNTERS.require(context.state, arguments.name)


class CounterModule:
    """Counters and purses."""

    name: ClassVar[str] = "counter"
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ()
    genesis_type: ClassVar[type[Record]] = CounterGenesis
    events: ClassVar[tuple[type[Record], ...]] = (Added,)

    @property
    def messages(self) -> Mapping[type[Record], Handler]:
        return {Add: self._add, Refuse: self._refuse, Plan: self._plan, Nest: self._nest}

    @property
    def queries(self) -> Mapping[str, ValueQuery]:
        return {"value": ValueQuery()}

    @property
    def invariants(self) -> Mapping[str, Invariant]:
        return {}

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        assert isinstance(genesis, CounterGenesis)
        for index, counter in enumerate(genesis.counters):
            if not counter.name:
                raise ValueError(f".counters[{index}].name: expected a name")
            COUNTERS.set(context.state, counter.name, Counter(counter.value))
        for purse in genesis.purses:
            PURSES.set(context.state, purse.account, Purse(purse.balance))

    def export_genesis(self, state: StateReader, /) -> CounterGenesis:
        return CounterGenesis(
            counters=tuple(GenesisCounter(name, counter.value) for name, counter in COUNTERS.iterate(state)),
            purses=tuple(GenesisPurse(account, purse.balance) for account, purse in PURSES.iterate(state)),
        )

    def begin_block(self, context: Context, /) -> None:
        if COUNTERS.has(context.state, "refuse-begin"):
            COUNTERS.set(context.state, "half-done", Counter(1))
            raise Refused("not this block")

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        if item == b"refuse":
            COUNTERS.set(context.state, "half-done", Counter(1))
            raise Refused("not this deadline")
        if item == b"overflow":
            checked_add(2**64 - 1, 1)
        if item.startswith(b"heavy"):
            context.gas.charge(4_000_000)
        if item == b"again":
            context.schedule(context.block.time_ms, self.name, item)
        self._add(context, Add(name="due", amount=1))

    def end_block(self, context: Context, /) -> None:
        return None

    def check_transaction(
        self,
        state: StateReader,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        if [address_of(key) for key in signers] != [sender]:
            raise Unauthorised("signed by another key")
        expected = self.next_sequence(state, sender=sender, lane=lane)
        if sequence != expected:
            raise WrongSequence(f"expected {expected}, got {sequence}")
        balance = self._balance(state, sender)
        if balance < fee:
            raise FeeTooLow(f"{balance} do not cover {fee}")

    def begin_transaction(
        self,
        context: Context,
        /,
        *,
        sender: Address,
        signers: tuple[PublicKey, ...],
        lane: int,
        sequence: int,
        fee: int,
    ) -> None:
        self.check_transaction(context.state, sender=sender, signers=signers, lane=lane, sequence=sequence, fee=fee)
        PURSES.set(context.state, sender, Purse(Amount(self._balance(context.state, sender) - fee)))
        LANES.set(context.state, (sender, lane), NextSequence(sequence + 1))

    def finish_transaction(self, context: Context, /, *, sender: Address, charged: int, fee: int) -> None:
        PURSES.set(context.state, sender, Purse(Amount(self._balance(context.state, sender) + charged - fee)))

    def next_sequence(self, state: StateReader, /, *, sender: Address, lane: int) -> int:
        record = LANES.get(state, (sender, lane))
        return 0 if record is None else record.sequence

    def _balance(self, state: StateReader, account: Address) -> int:
        purse = PURSES.get(state, account)
        return 0 if purse is None else purse.balance

    def _add(self, context: Context, message: Record) -> None:
        assert isinstance(message, Add)
        counter = COUNTERS.get(context.state, message.name) or Counter(0)
        value = checked_add(counter.value, message.amount)
        COUNTERS.set(context.state, message.name, Counter(value))
        context.emit(Added(name=message.name, value=value))

    def _refuse(self, context: Context, message: Record) -> None:
        assert isinstance(message, Refuse)
        self._add(context, Add(name=message.name, amount=1))
        raise Refused("as asked")

    def _plan(self, context: Context, message: Record) -> None:
        assert isinstance(message, Plan)
        context.schedule(message.time_ms, self.name, message.item)

    def _nest(self, context: Context, message: Record) -> None:
        assert isinstance(message, Nest)
        for call in message.calls:
            try:
                context.dispatch(call, caller=context.caller)
            except TransactionError:
                if not message.tolerant:
                    raise


class MemoryState:
    """A state in memory; slow, and right."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def get(self, key: bytes, /) -> bytes | None:
        return self.values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(self.values):
            if start <= key < end:
                yield key, self.values[key]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs."""

    seed: bytes

    @property
    def key(self) -> PublicKey:
        return public_key_of(self.seed)

    @property
    def address(self) -> Address:
        return address_of(self.key)

    def send(
        self,
        *messages: Record | Call,
        sequence: int = 0,
        lane: int = 0,
        gas_limit: int = 60_000,
        expires_at_ms: int = GENESIS_MS + 60_000,
        chain_id: ChainId = CHAIN,
    ) -> bytes:
        """The bytes of a signed transaction."""
        body = encode(
            TxBody(
                version=1,
                chain_id=chain_id,
                sender=self.address,
                lane=lane,
                sequence=sequence,
                expires_at_ms=expires_at_ms,
                gas_limit=gas_limit,
                max_fee=gas_limit,
                messages=tuple(call(message) for message in messages),
                memo="",
            )
        )
        signature = sign(self.seed, tx_id(body))
        return encode(Transaction(body=body, signatures=(TxSignature(self.key, signature),)))


ALICE = User(b"a" * 32)
BOB = User(b"b" * 32)


def address_of(key: PublicKey) -> Address:
    return Address(tagged_hash(ACCOUNT_TAG, key))


def call(message: Record | Call) -> Call:
    """The call that carries a message of the counter module."""
    if isinstance(message, Call):
        return message
    return Call(type=f"counter.{type(message).__name__}", body=encode(message))


def application() -> Application:
    """The machine of the counter chain."""
    module = CounterModule()
    return Application(chain_id=CHAIN, registry=Registry([module]), authenticator=module)


def genesis(
    params: LedgerParams | None = None, users: tuple[User, ...] = (ALICE, BOB), **counters: int
) -> StateVersion:
    """The version at height 0, with the users in funds."""
    state = MemoryState()
    overlay = Overlay(state)
    PARAMS.set(overlay, None, params or LedgerParams())
    for user in users:
        PURSES.set(overlay, user.address, Purse(Amount(FUNDS)))
    for name, value in counters.items():
        COUNTERS.set(overlay, name, Counter(value))
    state.values = {key: value for key, value in overlay.changes() if value is not None}
    tree = update(OverlayReader(None, {}), previous_version=None, version=0, changes=overlay.changes())
    nodes = OverlayReader(None, dict(tree.nodes))
    return StateVersion(height=0, time_ms=GENESIS_MS, root=tree.root, state=state, nodes=nodes)


def block_info(parent: StateVersion, *, time_ms: int | None = None) -> BlockInfo:
    """The block on top of a version, a second later unless told."""
    return BlockInfo(CHAIN, height=parent.height + 1, time_ms=time_ms or parent.time_ms + 1_000, proposer=PROPOSER)


def payload(*transactions: bytes) -> bytes:
    """The payload with these transactions."""
    return encode(Payload(transactions=transactions))


@dataclass
class Chain:
    """A version that grows by blocks."""

    version: StateVersion
    app: Application

    def run(self, *transactions: bytes, time_ms: int | None = None) -> BlockResult:
        """Execute a block and step on to its version."""
        info = block_info(self.version, time_ms=time_ms)
        result = self.app.execute(self.version, info, payload(*transactions))
        self.version = self.version.child(result, height=info.height, time_ms=info.time_ms)
        return result

    def counter(self, name: str) -> int | None:
        record = COUNTERS.get(self.version, name)
        return None if record is None else record.value

    def balance(self, user: User) -> int:
        return PURSES.require(self.version, user.address).balance


def chain(params: LedgerParams | None = None, **counters: int) -> Chain:
    """A new chain."""
    return Chain(version=genesis(params, (ALICE, BOB), **counters), app=application())
