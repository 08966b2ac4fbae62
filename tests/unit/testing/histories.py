"""Histories by hand for the oracle: real keys and encodings of the small chain, blocks that nobody has executed."""

from __future__ import annotations

from msgspec.structs import replace

from daonode.consensus.certificates import commit_certificate, quorum_certificate, timeout_certificate
from daonode.consensus.messages import (
    CommitVoteMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.safety import SignedCommit
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.types import (
    EMPTY_DIGEST,
    Block,
    CommitCertificate,
    CommitProof,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    payload_digest,
)
from daonode.ledger.block import Payload
from daonode.primitives.codec import encode
from daonode.primitives.ids import Signature
from daonode.replica.effects import Store
from daonode.replica.layout import HEADER_PREFIX, CommittedBlock, block_key, height_key
from daonode.replica.messages import Message
from daonode.testing.disk import Disk
from daonode.testing.oracle import Oracle
from daonode.testing.world import CHAIN_ID, GENESIS_MS, make_world

EVERYONE = (0, 1, 2, 3)
QUORUM = (0, 1, 2)
NOW_MS = GENESIS_MS + 1_000


class History:
    """An oracle, the disks of four nodes, and words to put into their mouths."""

    def __init__(self, *, byzantine: tuple[int, ...] = ()) -> None:
        self.world = make_world(4)
        self.oracle = Oracle(self.world, byzantine=byzantine)
        chain = self.world.chain
        self.genesis_qc = chain.genesis_qc
        self.genesis = chain.initial.header
        self.disks = [Disk(chain.initial_safety(secret.public_key)) for secret in self.world.secrets]
        self.nothing = SyncInfo(high_qc=self.genesis_qc, tc=None, commit=None)

    def sign(self, node: int, statement: Statement) -> Signature:
        return self.world.secrets[node].sign(signing_bytes(statement))

    def block(
        self,
        round_: int,
        parent: Header,
        qc: QuorumCertificate,
        *,
        salt: int = 0,
        proposer: int = 0,
        transactions: tuple[bytes, ...] = (),
    ) -> Block:
        payload = encode(Payload(transactions=transactions, evidence=()))
        header = Header(
            version=1,
            chain_id=CHAIN_ID,
            epoch=0,
            height=parent.height + 1,
            round=round_,
            time_ms=parent.time_ms + 1 + salt,
            proposer=self.world.validators[proposer],
            parent_id=parent.id(),
            qc_digest=qc.digest(),
            tc_digest=EMPTY_DIGEST,
            payload_digest=payload_digest(payload),
            state_root=parent.state_root,
            receipts_root=parent.receipts_root,
            validators_digest=parent.validators_digest,
            next_validators_digest=parent.next_validators_digest,
            failed_proposers=(),
        )
        return Block(header=header, payload=payload, qc=qc, tc=None)

    def vote_statement(self, block: Block) -> Vote:
        header = block.header
        return Vote(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id(), qc_round=block.qc.round)

    def commit_statement(self, block: Block) -> Commit:
        header = block.header
        return Commit(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id())

    def qc(self, block: Block, signers: tuple[int, ...] = QUORUM) -> QuorumCertificate:
        statement = self.vote_statement(block)
        return quorum_certificate(
            [(signer, self.sign(signer, statement)) for signer in signers],
            epoch=0,
            round_=block.header.round,
            block_id=block.header.id(),
            qc_round=block.qc.round,
        )

    def commit_certificate(self, block: Block, signers: tuple[int, ...] = QUORUM) -> CommitCertificate:
        statement = self.commit_statement(block)
        return commit_certificate(
            [(signer, self.sign(signer, statement)) for signer in signers],
            epoch=0,
            round_=block.header.round,
            block_id=block.header.id(),
        )

    def tc(self, round_: int, high_qcs: dict[int, QuorumCertificate]) -> TimeoutCertificate:
        return timeout_certificate(
            [
                (signer, qc, self.sign(signer, self.timeout_statement(round_, qc.round)))
                for signer, qc in high_qcs.items()
            ],
            epoch=0,
            round_=round_,
        )

    def timeout_statement(self, round_: int, high_qc_round: int) -> Timeout:
        return Timeout(chain_id=CHAIN_ID, epoch=0, round=round_, high_qc_round=high_qc_round)

    # What nodes do.

    def stores(self, node: int, block: Block) -> None:
        """The node makes a block durable."""
        batch = ((block_key(block.header.id()), encode(block)),)
        self.disks[node].stores[Store.BLOCKS].write(batch, sync=True)
        self.oracle.on_persist(NOW_MS, node, Store.BLOCKS, batch)

    def remembers(self, node: int, **rounds: int) -> None:
        """The signer's disk holds at least these rounds; the oracle is not shown the state."""
        self.disks[node].safety = replace(self.disks[node].safety, **rounds)

    def sends(self, node: int, message: Message) -> None:
        self.oracle.on_sent(NOW_MS, node, message, self.disks[node])

    def proposes(self, node: int, block: Block) -> None:
        header = block.header
        statement = Propose(chain_id=CHAIN_ID, epoch=0, round=header.round, block_id=header.id())
        self.stores(node, block)
        self.remembers(node, last_proposed_round=header.round)
        self.sends(node, ProposalMessage(block=block, signature=self.sign(node, statement), sync=self.nothing))

    def vote(self, node: int, block: Block) -> VoteMessage:
        statement = self.vote_statement(block)
        return VoteMessage(
            epoch=0,
            round=statement.round,
            block_id=statement.block_id,
            qc_round=statement.qc_round,
            voter=node,
            signature=self.sign(node, statement),
            sync=self.nothing,
        )

    def votes(self, node: int, block: Block) -> None:
        self.stores(node, block)
        self.remembers(node, last_voted_round=block.header.round)
        self.sends(node, self.vote(node, block))

    def commit_votes(self, node: int, block: Block) -> None:
        statement = self.commit_statement(block)
        signature = self.sign(node, statement)
        last = SignedCommit(statement=statement, signature=signature)
        self.disks[node].safety = replace(self.disks[node].safety, last_commit_vote=last)
        self.sends(
            node,
            CommitVoteMessage(
                epoch=0,
                round=statement.round,
                block_id=statement.block_id,
                voter=node,
                signature=signature,
                sync=self.nothing,
            ),
        )

    def times_out(self, node: int, round_: int, high_qc: QuorumCertificate) -> None:
        self.remembers(node, highest_timeout_round=round_, last_voted_round=round_)
        self.sends(
            node,
            TimeoutMessage(
                epoch=0,
                round=round_,
                high_qc=high_qc,
                voter=node,
                signature=self.sign(node, self.timeout_statement(round_, high_qc.round)),
                sync=self.nothing,
            ),
        )

    def passes_on(self, node: int, **certificates: object) -> None:
        self.sends(node, SyncMessage(sync=replace(self.nothing, **certificates)))

    def commits(self, node: int, block: Block, proof: CommitProof | None) -> None:
        header = block.header
        self.stores(node, block)
        record = CommittedBlock(block_id=header.id(), header=header, proof=proof)
        batch = ((height_key(HEADER_PREFIX, header.height), encode(record)),)
        self.disks[node].stores[Store.STATE].write(batch, sync=True)
        self.oracle.on_persist(NOW_MS, node, Store.STATE, batch)
        self.oracle.on_committed(NOW_MS, node, header, self.disks[node])
