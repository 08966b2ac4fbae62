"""Committed blocks written as four validators would have, without the validators: a long chain in a short time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.population import VALIDATOR_KEYS
from benchmarks.stages import Ledger
from daonode.consensus.certificates import commit_certificate, genesis_certificate, quorum_certificate
from daonode.consensus.statements import Commit, Statement, Vote, signing_bytes
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitCertificate,
    Header,
    QuorumCertificate,
    payload_digest,
)
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.primitives.codec import encode
from daonode.primitives.ids import Signature
from daonode.primitives.signatures import sign
from daonode.replica.archive import StateAtTip
from daonode.replica.committing import commit_writes
from daonode.replica.layout import block_key


@dataclass(slots=True)
class ChainWriter:
    """Makes committed blocks as four validators would have, without the validators."""

    ledger: Ledger
    header: Header = field(init=False)
    qc: QuorumCertificate = field(init=False)

    def __post_init__(self) -> None:
        self.header = self.ledger.chain.initial.header
        self.qc = genesis_certificate(self.header)

    def block(self, raws: Sequence[bytes]) -> None:
        """Build and write a block."""
        info = self.ledger.info()
        built = self.ledger.chain.application.build(self.ledger.version, info, raws)
        assert not built.skipped, built.skipped
        assert all(receipt.code == 0 for receipt in built.result.receipts), "every vote counts"
        header = self._header(info, built.payload, built.result)
        stores, result = self.ledger.stores, built.result
        block = Block(header=header, payload=built.payload, qc=self.qc, tc=None)
        stores.blocks.write([(block_key(header.id()), encode(block))], sync=False)
        stores.state.write(commit_writes(header, result, self._finality(header)), sync=False)
        version = self.ledger.version.child(result, height=info.height, time_ms=info.time_ms)
        state = StateAtTip(stores.state)
        version.settle(state=state, nodes=state)
        self.ledger.version = version
        vote = Vote(
            chain_id=header.chain_id, epoch=0, round=header.round, block_id=header.id(), qc_round=header.round - 1
        )
        self.qc = quorum_certificate(
            self._signatures(vote), epoch=0, round_=header.round, block_id=header.id(), qc_round=header.round - 1
        )
        self.header = header

    def _header(self, info: BlockInfo, payload: bytes, result: BlockResult) -> Header:
        digest = self.ledger.chain.validators.digest()
        return Header(
            version=HEADER_VERSION,
            chain_id=info.chain_id,
            epoch=0,
            height=info.height,
            round=info.height,
            time_ms=info.time_ms,
            proposer=info.proposer,
            parent_id=self.header.id(),
            qc_digest=self.qc.digest(),
            tc_digest=EMPTY_DIGEST,
            payload_digest=payload_digest(payload),
            state_root=result.state_root,
            receipts_root=result.receipts_root,
            validators_digest=digest,
            next_validators_digest=digest,
            failed_proposers=(),
        )

    def _finality(self, header: Header) -> CommitCertificate:
        commit = Commit(chain_id=header.chain_id, epoch=0, round=header.round, block_id=header.id())
        return commit_certificate(self._signatures(commit), epoch=0, round_=header.round, block_id=header.id())

    def _signatures(self, statement: Statement) -> list[tuple[int, Signature]]:
        message = signing_bytes(statement)
        seeds = {keys.id: keys.consensus_seed for keys in VALIDATOR_KEYS}
        validators = self.ledger.chain.validators.validators
        return [(index, sign(seeds[each.id], message)) for index, each in enumerate(validators)]
