"""What takes long in a replica: executing a block, and building one. A job is a function of what it holds.

So whoever drives the replica may do it anywhere, on another thread too, while the replica goes on; the outcome comes
back as the event `JobEnded`. A job reads the state after its block's parent, which stays what it was for as long as
consensus holds to that parent. Once it does not, the storage goes another way under the job's feet, and whatever comes
out, errors too, is dropped (`working.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from daonode.consensus.effects import Build
from daonode.consensus.types import EMPTY_DIGEST, HEADER_VERSION, Block, Header, ValidatorSet, payload_digest
from daonode.genesis.initial import ValidatorSource
from daonode.ledger.application import EMPTY_PAYLOAD, Application, BuiltBlock
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.building import SkippedTransaction
from daonode.ledger.errors import InvalidBlock
from daonode.ledger.gas import GAS_A_MS
from daonode.ledger.receipts import receipts_root
from daonode.ledger.versions import StateVersion
from daonode.primitives.ids import BlockId, Hash
from daonode.replica.committing import Writes, result_writes


@dataclass(frozen=True, slots=True)
class Done:
    """An executed block with what it does, and what that writes once it is committed.

    `next_validators` is the set after it where it is the last of its epoch; `skipped` cannot be included in it.
    """

    block: Block
    result: BlockResult
    writes: Writes
    next_validators: ValidatorSet | None
    skipped: tuple[SkippedTransaction, ...] = ()

    @property
    def work_ms(self) -> int:
        """How long executing it takes a validator that does nothing else, by the gas that it used."""
        return sum(receipt.gas_used for receipt in self.result.receipts) // GAS_A_MS


@dataclass(frozen=True, slots=True)
class Refused:
    """The block is not what its header states; `reason` is for the operator."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The job could not be done: its parent is gone, the disk is damaged, or the code is wrong."""

    error: Exception


Outcome = Done | Refused | Failed


@dataclass(frozen=True, slots=True)
class Ground:
    """What a block stands on: the state after its parent, the rules, and the set of the epoch.

    A block after the last of its epoch (`is_suffix`) changes nothing, and its roots are those of its parent.
    """

    application: Application
    source: ValidatorSource
    validators: ValidatorSet
    version: StateVersion
    is_suffix: bool

    def next_set(self, *, height: int) -> ValidatorSet | None:
        """The next epoch's set where the block of this height on this ground is the last of its epoch, else None."""
        members = None if self.is_suffix else self.source.next_validators(self.version, height)
        return None if members is None else ValidatorSet(epoch=self.validators.epoch + 1, validators=members)

    def next_digest(self, following: ValidatorSet | None) -> Hash:
        """What the header states of the set after the block."""
        if self.is_suffix:
            return EMPTY_DIGEST
        return (following or self.validators).digest()

    def nothing(self) -> BlockResult:
        """What a block after the last of its epoch does."""
        return BlockResult(
            writes=(),
            nodes=(),
            stale_nodes=(),
            receipts=(),
            state_root=self.version.root,
            receipts_root=receipts_root(()),
            next_deadline_ms=None,
        )

    def done(self, block: Block, built: BuiltBlock, following: ValidatorSet | None) -> Done:
        """The outcome, with everything worked out that a commit will need."""
        writes = result_writes(block.header.height, built.result)
        return Done(block, built.result, writes, following, built.skipped)


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """Execute a block and compare the roots."""

    ground: Ground
    block: Block

    @property
    def parent_id(self) -> BlockId:
        """The block that it stands on."""
        return self.block.header.parent_id

    def run(self) -> Done | Refused:
        """Do it; no `InvalidBlock` leaves."""
        ground, header, payload = self.ground, self.block.header, self.block.payload
        if ground.is_suffix:
            if payload != EMPTY_PAYLOAD:
                return Refused("a block after the last of its epoch is not empty")
            result = ground.nothing()
        else:
            try:
                result = ground.application.execute(ground.version, _info(header), payload)
            except InvalidBlock as error:
                return Refused(str(error))
        following = ground.next_set(height=header.height)
        for name, stated, found in (
            ("state root", header.state_root, result.state_root),
            ("receipts root", header.receipts_root, result.receipts_root),
            ("next validators", header.next_validators_digest, ground.next_digest(following)),
        ):
            if stated != found:
                return Refused(f"the header states the {name} {stated.hex()}, execution gives {found.hex()}")
        return ground.done(self.block, BuiltBlock(payload, result, skipped=()), following)


@dataclass(frozen=True, slots=True, eq=False)
class Building:
    """Build and execute the block that consensus asks for, of candidates in their order until they used the target."""

    ground: Ground
    order: Build
    time_ms: int
    candidates: tuple[bytes, ...] = ()
    evidence: tuple[bytes, ...] = ()
    gas_target: int | None = None

    @property
    def parent_id(self) -> BlockId:
        """The block that it stands on."""
        return self.order.parent.id()

    def run(self) -> Done:
        """Do it, with all roots and digests filled in."""
        ground, order, parent = self.ground, self.order, self.order.parent
        info = BlockInfo(
            chain_id=parent.chain_id,
            height=parent.height + 1,
            time_ms=self.time_ms,
            proposer=order.proposer,
            failed_proposers=order.failed_proposers,
            evidence=() if order.empty else self.evidence,
        )
        if ground.is_suffix:
            built = BuiltBlock(payload=EMPTY_PAYLOAD, result=ground.nothing(), skipped=())
        else:
            candidates = () if order.empty else self.candidates
            built = ground.application.build(ground.version, info, candidates, gas_target=self.gas_target)
        following = ground.next_set(height=info.height)
        header = Header(
            version=HEADER_VERSION,
            chain_id=info.chain_id,
            epoch=order.epoch,
            height=info.height,
            round=order.round,
            time_ms=self.time_ms,
            proposer=order.proposer,
            parent_id=self.parent_id,
            qc_digest=order.qc.digest(),
            tc_digest=EMPTY_DIGEST if order.tc is None else order.tc.digest(),
            payload_digest=payload_digest(built.payload),
            state_root=built.result.state_root,
            receipts_root=built.result.receipts_root,
            validators_digest=ground.validators.digest(),
            next_validators_digest=ground.next_digest(following),
            failed_proposers=order.failed_proposers,
        )
        block = Block(header=header, payload=built.payload, qc=order.qc, tc=order.tc)
        return ground.done(block, built, following)


Job = Execution | Building


def do(job: Job) -> Outcome:
    """Do a job; an error is for the replica to judge, which knows whether the job is still of use."""
    try:
        return job.run()
    except Exception as error:  # noqa: BLE001  # whatever it is, the replica raises it where it is not to be dropped
        return Failed(error)


def _info(header: Header) -> BlockInfo:
    return BlockInfo(
        chain_id=header.chain_id,
        height=header.height,
        time_ms=header.time_ms,
        proposer=header.proposer,
        failed_proposers=header.failed_proposers,
    )
