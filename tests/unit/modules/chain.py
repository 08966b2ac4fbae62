"""Native modules on a small chain: the real registry, sessions and overlays, without blocks of transactions.

A test sends messages as any caller, which a chain would have authenticated, or whole transactions through the module
that authenticates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from daonode.ledger.block import BlockInfo, EventRecord
from daonode.ledger.deadlines import cancel_deadline, first_deadline
from daonode.ledger.errors import TransactionError
from daonode.ledger.gas import BLOCK_WORK_GAS, GasMeter
from daonode.ledger.module import Authenticator, Module
from daonode.ledger.origins import module_address
from daonode.ledger.overlay import Overlay
from daonode.ledger.registry import Registry
from daonode.ledger.session import NO_TRANSACTION, Session, SessionContext
from daonode.ledger.snapshots import hold, release
from daonode.ledger.state import StateReader
from daonode.ledger.transactions import Call
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import Address, ChainId, PublicKey, ValidatorId

CHAIN_ID = ChainId("daonode:test")
GENESIS_MS = 1_700_000_000_000
PROPOSER = ValidatorId(bytes([7]) * 32)


class NoState:
    """The state before genesis."""

    def get(self, key: bytes, /) -> bytes | None:
        return None

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        return iter(())


@dataclass(frozen=True)
class View:
    """What a query sees."""

    state: StateReader
    height: int
    time_ms: int
    chain_id: ChainId = CHAIN_ID


@dataclass
class Chain:
    """Modules in an order in which each follows those that it requires. Genesis is height 0."""

    modules: Sequence[Module]
    height: int = 0
    time_ms: int = GENESIS_MS
    proposer: ValidatorId = PROPOSER
    failed_proposers: tuple[ValidatorId, ...] = ()
    evidence: tuple[bytes, ...] = ()
    overlay: Overlay = field(default_factory=lambda: Overlay(NoState()))
    events: list[Record] = field(default_factory=list)
    failed_deadlines: list[TransactionError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = Registry(self.modules)

    def genesis(self, sections: Mapping[str, Record]) -> "Chain":
        """Initialise the modules and begin block 1."""
        for module in self.modules:
            session = self.session(module_address(module.name))
            with session.atomic():
                module.init_genesis(session.context(caller=module_address(module.name), index=0), sections[module.name])
            self.take_events(session)
        self.overlay.forget_savepoints()
        self.begin_block()
        return self

    def session(self, sender: Address, *, lane: int = 0, sequence: int = 0) -> Session:
        info = BlockInfo(
            CHAIN_ID, self.height, self.time_ms, self.proposer, self.failed_proposers, evidence=self.evidence
        )
        return Session(
            registry=self.registry,
            overlay=self.overlay,
            block=info,
            gas=GasMeter(BLOCK_WORK_GAS),
            tx_id=NO_TRANSACTION,
            sender=sender,
            lane=lane,
            sequence=sequence,
            next_call_number=1,
        )

    def context(self, caller: Address) -> SessionContext:
        return self.session(caller).context(caller=caller, index=0)

    def send(self, caller: Address, message: Record) -> tuple[Record, ...]:
        """Run one message as `caller`, all or none; return its events."""
        session = self.session(caller)
        name = self.registry.message_name(type(message))
        assert name is not None
        session.run_call(Call(type=name, body=encode(message)), caller=caller, index=0)
        return self.take_events(session)

    def transact(
        self,
        authenticator: Authenticator,
        sender: Address,
        *messages: Record,
        signers: tuple[PublicKey, ...],
        lane: int = 0,
        sequence: int | None = None,
        charged: int = 0,
        fee: int = 0,
    ) -> TransactionError | None:
        """Run a whole transaction: admitted or refused by raising; a failure of its messages is returned."""
        used = authenticator.next_sequence(self.overlay, sender=sender, lane=lane) if sequence is None else sequence
        session = self.session(sender, lane=lane, sequence=used)
        context = session.context(caller=sender, index=0)
        failure: TransactionError | None = None
        with session.atomic():
            authenticator.begin_transaction(
                context, sender=sender, signers=signers, lane=lane, sequence=used, fee=charged
            )
            try:
                with session.atomic():
                    for message in messages:
                        name = self.registry.message_name(type(message))
                        assert name is not None
                        session.run_call(Call(type=name, body=encode(message)), caller=sender, index=0)
            except TransactionError as error:
                failure = error
            authenticator.finish_transaction(context, sender=sender, charged=charged, fee=fee)
        self.take_events(session)
        return failure

    def begin_block(self, *, after_ms: int = 1_000) -> None:
        self.height += 1
        self.time_ms += after_ms
        for module in self.modules:
            self.run(module, "begin_block")

    def end_block(self) -> None:
        for module in self.modules:
            self.run(module, "end_block")

    def next_block(self, *, after_ms: int = 1_000) -> None:
        """End the block and begin the next."""
        self.end_block()
        self.overlay.forget_savepoints()
        self.begin_block(after_ms=after_ms)

    def meet_deadlines(self) -> tuple[Record, ...]:
        """Meet what is due at the time of the present block, as a block does before its transactions; their events."""
        met: list[Record] = []
        deadline = first_deadline(self.overlay)
        while deadline is not None and deadline.time_ms <= self.time_ms:
            cancel_deadline(self.overlay, time_ms=deadline.time_ms, module=deadline.module, item=deadline.item)
            module = self.registry.module(deadline.module)
            session = self.session(module_address(module.name), sequence=self.height)
            try:
                with session.atomic():
                    module.on_deadline(session.context(caller=session.sender, index=0), deadline.item)
            except TransactionError as error:
                self.failed_deadlines.append(error)
            met.extend(self.take_events(session))
            deadline = first_deadline(self.overlay)
        return tuple(met)

    def run(self, module: Module, step: str) -> None:
        session = self.session(module_address(module.name))
        with session.atomic():
            getattr(module, step)(session.context(caller=module_address(module.name), index=0))
        self.take_events(session)

    def hold(self, height: int) -> None:
        hold(self.context(address("anyone")), height)

    def release(self, height: int) -> None:
        release(self.context(address("anyone")), height)

    def ask(self, module: Module, name: str, arguments: Record) -> Record:
        """Answer a query about the present state."""
        query = module.queries[name]
        assert isinstance(arguments, query.arguments)
        answer = query.run(View(self.overlay, self.height, self.time_ms), arguments)
        assert isinstance(answer, query.result)
        return answer

    def broken_invariants(self) -> dict[str, str]:
        found = {
            f"{module.name}.{name}": check(self.overlay)
            for module in self.modules
            for name, check in module.invariants.items()
        }
        return {name: problem for name, problem in found.items() if problem is not None}

    def state(self) -> dict[bytes, bytes]:
        return {key: value for key, value in self.overlay.changes() if value is not None}

    def take_events(self, session: Session) -> tuple[Record, ...]:
        taken = tuple(decoded(self.registry, event) for event in session.events)
        session.events.clear()
        self.events.extend(taken)
        return taken


def decoded(registry: Registry, event: EventRecord) -> Record:
    return decode(event.body, registry.event_types[event.type])


def address(name: str) -> Address:
    """An account that no key controls, by a name for people."""
    return Address(sha256(name.encode()))


def key(name: str) -> PublicKey:
    """A key that nobody needs to sign with: its signatures count as verified."""
    return PublicKey(sha256(b"key " + name.encode()))
