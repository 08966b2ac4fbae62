"""A node for the RPC server: the real chain, ledger and archive over memory; no consensus and no network.

`commit` makes a block of what waits, as if all validators had agreed. Its certificates have the form of real ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import trio
from prometheus_client import CollectorRegistry, generate_latest

from daonode.client.wallet import Wallet
from daonode.consensus.types import (
    HEADER_VERSION,
    Block,
    CommitCertificate,
    CommitProof,
    Header,
    QuorumCertificate,
    ValidatorSet,
    payload_digest,
)
from daonode.genesis.builder import NATIVE_ASSET, NATIVE_UNIT, TREASURY_TRACK, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription
from daonode.ledger.application import Application
from daonode.ledger.block import BlockInfo
from daonode.ledger.checking import CheckedTransaction
from daonode.ledger.errors import TransactionError
from daonode.ledger.transactions import Call, Transaction, TxBody, tx_id
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.messages import SubmitProposal
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.treasury.messages import ApproveSpend
from daonode.modules.validators.genesis import GenesisValidator
from daonode.node.api import ConsensusStatus, MempoolStatus, PeerStatus, version_at_tip
from daonode.node.rpc_metrics import RpcMetrics
from daonode.primitives.codec import Record, decode, encode
from daonode.primitives.ids import Address, ChainId, Hash, PublicKey, Signature, TxId, ValidatorId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.replica.archive import Archive
from daonode.replica.bootstrap import NewChain, make_chain
from daonode.replica.committing import commit_writes
from daonode.replica.layout import block_key

START_MS = 1_700_000_000_000
BLOCK_MS = 1_000
ALICE, BOB = (Wallet.from_seed(name.ljust(32).encode()) for name in ("alice", "bob"))
GAS_LIMIT = 200_000


@dataclass(slots=True)
class MemoryStore:
    """A key-value store that shows what was written to it, ordered."""

    pairs: dict[bytes, bytes] = field(default_factory=dict)

    def get(self, key: bytes, /) -> bytes | None:
        return self.pairs.get(key)

    def iterate(self, *, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, value) for key, value in sorted(self.pairs.items()) if start <= key < end])

    def write(self, writes: Sequence[tuple[bytes, bytes | None]]) -> None:
        # Put in place at once, as a batch is: readers on threads see all of it or nothing.
        changed = {**self.pairs, **{key: value for key, value in writes if value is not None}}
        for key, value in writes:
            if value is None:
                changed.pop(key, None)
        self.pairs = changed


def small_chain() -> NewChain:
    """Four validators, two funded members, a treasury."""
    validators = tuple(
        GenesisValidator(
            public_key=PublicKey(bytes([index]) * 32), power=1, payout_account=ALICE.address, moniker=f"node{index}"
        )
        for index in range(1, 5)
    )
    plan = ChainPlan(
        chain=ChainDescription(chain_id=ChainId("daonode:rpc"), genesis_time=TimeMs(START_MS)),
        validators=validators,
        balances={each.address: Amount(1_000 * NATIVE_UNIT) for each in (ALICE, BOB)},
        members=tuple(
            GenesisMember(account=each.address, name=name) for name, each in (("alice", ALICE), ("bob", BOB))
        ),
        registrars=(ALICE.address,),
        periods=Periods.short(voting=DurationMs(6_000), timelock=DurationMs(1_000)),
    )
    return make_chain(build_document(plan))


class FakeNode:
    """Implements `NodeApi`; a test sets what it wants to see."""

    def __init__(self) -> None:
        self.chain = small_chain()
        self.state, self.blocks = MemoryStore(), MemoryStore()
        self.state.write(self.chain.genesis_writes())
        self.archive = Archive(self.blocks, self.state)
        self.name = "node<0>"
        self.genesis_hash: Hash = self.chain.genesis_hash
        self.catching_up = False
        self.own_validator: ValidatorId | None = self.validators.validators[0].id
        self.peers: tuple[PeerStatus, ...] = tuple(
            PeerStatus(f"node{index}", f"peer{index}", f"/ip4/127.0.0.1/tcp/{index}", each.id, connected=True)
            for index, each in enumerate(self.validators.validators[1:], start=1)
        )
        self.pool: dict[TxId, CheckedTransaction] = {}
        self.refusal: TransactionError | None = None
        self.submissions: list[int] = []
        self.failure: Exception | None = None
        self.commits: dict[TxId, trio.Event] = {}
        self.next_commit = trio.Event()
        self.registry = CollectorRegistry()
        self.rpc_metrics = RpcMetrics(self.registry)

    @property
    def chain_id(self) -> ChainId:
        return self.chain.document.chain.chain_id

    @property
    def genesis(self) -> Header:
        return self.chain.genesis

    @property
    def application(self) -> Application:
        return self.chain.application

    @property
    def validators(self) -> ValidatorSet:
        return self.chain.validators

    @property
    def height(self) -> int:
        return self.archive.tip().height

    @property
    def consensus(self) -> ConsensusStatus:
        return ConsensusStatus(0, self.height + 1, self.validators.validators[0].id, self.height, None, self.height, 0)

    @property
    def mempool(self) -> MempoolStatus:
        return MempoolStatus(len(self.pool), sum(len(each.raw) for each in self.pool.values()))

    def now_ms(self) -> int:
        return START_MS + (self.height + 1) * BLOCK_MS

    def waiting(self, tx_id: TxId) -> CheckedTransaction | None:
        return self.pool.get(tx_id)

    def waiting_sequence(self, *, sender: Address, lane: int) -> int | None:
        waiting = [each.body for each in self.pool.values() if (each.body.sender, each.body.lane) == (sender, lane)]
        return max((body.sequence + 1 for body in waiting), default=None)

    def open_archive(self) -> AbstractContextManager[Archive]:
        if self.failure is not None:
            raise self.failure
        state = MemoryStore(self.state.pairs)
        return nullcontext(Archive(MemoryStore(self.blocks.pairs), state))

    async def submit(self, raws: Sequence[bytes]) -> tuple[TxId | TransactionError, ...]:
        self.submissions.append(len(raws))
        await trio.lowlevel.checkpoint()
        return tuple(self._admit(raw) for raw in raws)

    async def wait_for_transaction(self, tx_id: TxId, *, timeout_ms: int) -> bool:
        committed = self.commits.setdefault(tx_id, trio.Event())
        with trio.move_on_after(timeout_ms / 1_000):
            await committed.wait()
        return committed.is_set()

    async def rest(self) -> None:
        await trio.lowlevel.checkpoint()

    async def wait_for_height(self, height: int) -> None:
        while self.height < height:
            await self.next_commit.wait()

    def metrics(self) -> bytes:
        return b"daonode_height 1\n" + generate_latest(self.registry)

    def _admit(self, raw: bytes) -> TxId | TransactionError:
        try:
            if self.refusal is not None:
                raise self.refusal
            checked = self.application.check(version_at_tip(self.archive), raw, self.now_ms())
            self.application.verify_signatures(checked)
            self.application.check_account(version_at_tip(self.archive), checked)
        except TransactionError as error:
            return error
        self.pool[checked.id] = checked
        return checked.id

    def commit(self, *, with_proof: bool = True) -> Header:
        """Commit a block with everything that waits."""
        parent = version_at_tip(self.archive)
        proposer = self.validators.validators[0].id
        info = BlockInfo(self.chain_id, parent.height + 1, self.now_ms(), proposer)
        built = self.application.build(parent, info, [each.raw for each in self.pool.values()])
        assert not built.skipped, built.skipped
        qc = QuorumCertificate(0, parent.height, self.archive.tip().block_id, 0, (0, 1, 2), (Signature(bytes(64)),) * 3)
        header = Header(
            version=HEADER_VERSION,
            chain_id=self.chain_id,
            epoch=0,
            height=info.height,
            round=info.height,
            time_ms=info.time_ms,
            proposer=proposer,
            parent_id=self.archive.tip().block_id,
            qc_digest=qc.digest(),
            tc_digest=Hash(bytes(32)),
            payload_digest=payload_digest(built.payload),
            state_root=built.result.state_root,
            receipts_root=built.result.receipts_root,
            validators_digest=self.validators.digest(),
            next_validators_digest=self.validators.digest(),
            failed_proposers=(),
        )
        proof: CommitProof = CommitCertificate(0, info.height, header.id(), (0, 1, 2), (Signature(b"s" * 64),) * 3)
        self.blocks.write([(block_key(header.id()), encode(Block(header, built.payload, qc, None)))])
        self.state.write(commit_writes(header, built.result, proof if with_proof else None))
        for each in self.pool:
            self.commits.setdefault(each, trio.Event()).set()
        self.pool.clear()
        self.next_commit.set()
        self.next_commit = trio.Event()
        return header


def transaction(sender: Wallet, *messages: Record, sequence: int = 0, chain_id: str = "daonode:rpc") -> bytes:
    """A signed transaction with these messages."""
    calls = tuple(
        Call(f"{type(each).__module__.split('.')[2]}.{type(each).__name__}", encode(each)) for each in messages
    )
    body = TxBody(
        version=1,
        chain_id=ChainId(chain_id),
        sender=sender.address,
        lane=0,
        sequence=sequence,
        expires_at_ms=START_MS + 3_600_000,
        gas_limit=GAS_LIMIT,
        max_fee=10_000,
        messages=calls,
        memo="a <memo>",
    )
    encoded = encode(body)
    return encode(Transaction(body=encoded, signatures=(sender.sign_transaction(encoded),)))


def transfer(*, sequence: int = 0, amount: int = 5) -> bytes:
    """Alice pays Bob."""
    message = Transfer(destination=BOB.address, asset=NATIVE_ASSET, amount=Amount(amount))
    return transaction(ALICE, message, sequence=sequence)


def proposal() -> bytes:
    """Alice proposes that the treasury pays Bob."""
    action = ApproveSpend(asset=NATIVE_ASSET, amount=Amount(1), beneficiary=BOB.address)
    message = SubmitProposal(
        track=TREASURY_TRACK,
        kind="standard",
        title="Pay Bob",
        body="For his work.",
        actions=(Call("treasury.ApproveSpend", encode(action)),),
        deposit=Amount(10 * NATIVE_UNIT),
    )
    return transaction(ALICE, message)


def id_of(raw: bytes) -> TxId:
    """The id of an encoded transaction."""
    return tx_id(decode(raw, Transaction).body)
