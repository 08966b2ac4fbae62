"""Judges everything that comes from outside before it becomes an event: structure first, then digests, then signatures.

`Verifier` is bound to one chain and, at a time, one epoch's validator set. It raises `PeerError` for what no honest
peer sends, and nothing else, however malformed the (decoded) value is. Not judged here: what only the block tree or the
safety state knows (leader, parent, time, and whether a block's round is justified, which is rule 1 and the signer's).

The caches are bounded; an entry means that this very certificate or signature has been found valid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from daonode.consensus.errors import BadSignature, Malformed, NoQuorum, UnknownSigner, WrongEpoch
from daonode.consensus.events import (
    CommitVoteReceived,
    Event,
    ProposalReceived,
    SyncReceived,
    TimeoutReceived,
    VoteReceived,
)
from daonode.consensus.messages import (
    CommitVoteMessage,
    ConsensusMessage,
    ProposalMessage,
    SyncInfo,
    SyncMessage,
    TimeoutMessage,
    VoteMessage,
)
from daonode.consensus.requests import CommitRequest, ProposeRequest, SignRequest, TimeoutRequest, VoteRequest
from daonode.consensus.statements import Commit, Propose, Statement, Timeout, Vote, signing_bytes
from daonode.consensus.types import (
    EMPTY_DIGEST,
    HEADER_VERSION,
    Block,
    CommitCertificate,
    CommitProof,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    Validator,
    ValidatorSet,
    payload_digest,
)
from daonode.primitives.codec import encode
from daonode.primitives.hashing import CERTIFICATE_TAG, tagged_hash
from daonode.primitives.ids import BlockId, ChainId, PublicKey, Signature, ValidatorId
from daonode.primitives.signatures import verify

SignatureCheck = Callable[[PublicKey, bytes, Signature], bool]
"""`primitives.signatures.verify`, or what a simulation puts in its place."""

MAX_CACHED_CERTIFICATES = 512
MAX_CACHED_SIGNATURES = 4096


class RecentSet:
    """A set of byte strings that forgets its oldest member when it is full."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._members: dict[bytes, None] = {}

    def __contains__(self, member: bytes) -> bool:
        return member in self._members

    def add(self, member: bytes) -> None:
        """Add a member, and forget the oldest when there is no room."""
        if len(self._members) >= self._capacity:
            del self._members[next(iter(self._members))]
        self._members[member] = None


class Verifier:
    """Checks messages, certificates and sign requests of one chain and one epoch."""

    def __init__(
        self,
        *,
        chain_id: ChainId,
        validators: ValidatorSet,
        genesis_qc: QuorumCertificate,
        check_signature: SignatureCheck = verify,
    ) -> None:
        self._chain_id = chain_id
        self._check_signature = check_signature
        self.enter_epoch(validators, genesis_qc)

    @property
    def epoch(self) -> int:
        """The epoch whose set judges."""
        return self._set.epoch

    def enter_epoch(self, validators: ValidatorSet, genesis_qc: QuorumCertificate) -> None:
        """Judge by another epoch's set from now on; what was found valid before is forgotten."""
        self._set = validators
        self._set_digest = validators.digest()
        self._total_power = validators.total_power
        self._index = {validator.id: index for index, validator in enumerate(validators.validators)}
        self._genesis_qc = genesis_qc
        self._certificates = RecentSet(MAX_CACHED_CERTIFICATES)
        self._signatures = RecentSet(MAX_CACHED_SIGNATURES)

    # Messages.

    def received(self, message: ConsensusMessage, *, sender: ValidatorId, now_ms: int) -> Event:
        """The event that a message from a peer becomes; raises `PeerError` as `check_message` does."""
        self.check_message(message)
        return event_of(message, sender=sender, now_ms=now_ms)

    def check_message(self, message: ConsensusMessage) -> None:
        """Raise `PeerError` unless an honest validator could have sent this."""
        match message:
            case ProposalMessage():
                self.check_proposal(message)
            case VoteMessage():
                self._check_own_statement(message.voter, vote_statement(self._chain_id, message), message.signature)
            case CommitVoteMessage():
                statement = commit_statement(self._chain_id, message)
                self._check_own_statement(message.voter, statement, message.signature)
            case TimeoutMessage():
                self._check_timeout(message)
            case SyncMessage():
                pass
        self.check_sync(message.sync)

    def check_proposal(self, message: ProposalMessage) -> None:
        """A proposal: its block, and the signature of the proposer that the header names."""
        self.check_block(message.block)
        header = message.block.header
        statement = Propose(chain_id=self._chain_id, epoch=header.epoch, round=header.round, block_id=header.id())
        self._check_own_statement(self._index[header.proposer], statement, message.signature)

    def check_sync(self, sync: SyncInfo) -> None:
        """The certificates that travel with every message."""
        self.check_qc(sync.high_qc)
        if sync.tc is not None:
            self.check_tc(sync.tc)
        if sync.commit is not None:
            self.check_commit_certificate(sync.commit)
            if sync.commit.round > sync.high_qc.round:
                raise Malformed(
                    reason=f"a commit certificate of round {sync.commit.round} came with a QC of {sync.high_qc.round}: "
                    "whoever has the one has a QC of that round"
                )

    # Blocks.

    def check_block(self, block: Block) -> None:
        """A block: header fields, the digests of payload and certificates, and the certificates themselves."""
        header = block.header
        self.check_header(header)
        if header.payload_digest != payload_digest(block.payload):
            raise Malformed(reason="the payload is not the one that the header binds")
        self._check_binding(header, block.qc, block.tc)
        self.check_qc(block.qc)
        if block.tc is not None:
            self.check_tc(block.tc)

    def check_header(self, header: Header) -> None:
        """The fields of a header that can be judged without its parent."""
        if header.version != HEADER_VERSION:
            raise Malformed(reason=f"expected header version {HEADER_VERSION}, got {header.version}")
        if header.chain_id != self._chain_id:
            raise Malformed(reason=f"expected chain {self._chain_id}, got {header.chain_id}")
        self._check_epoch(header.epoch)
        if header.proposer not in self._index:
            raise Malformed(reason="the proposer is not in the validator set")
        if header.validators_digest != self._set_digest:
            raise Malformed(reason="the header binds another validator set")
        if header.height == 0 or header.round <= self._genesis_qc.round:
            raise Malformed(reason=f"height {header.height} in round {header.round} is at or before the genesis block")

    def check_fetched(self, blocks: Sequence[Block], *, tip: BlockId) -> None:
        """Blocks in ascending height that end in the certified block `tip`.

        The hash chain from a certified tip binds every block, payload and certificate below it, so no signature is
        checked: an honest quorum has checked them before it voted.
        """
        expected = tip
        for block in reversed(blocks):
            header = block.header
            if header.id() != expected:
                raise Malformed(reason=f"the block at height {header.height} is not the one that was asked for")
            if header.payload_digest != payload_digest(block.payload):
                raise Malformed(reason="the payload is not the one that the header binds")
            self._check_binding(header, block.qc, block.tc)
            expected = header.parent_id

    # Certificates.

    def check_qc(self, qc: QuorumCertificate) -> None:
        """A quorum of votes, or the genesis certificate of this epoch, field by field."""
        self._check_epoch(qc.epoch)
        if qc.round == self._genesis_qc.round:
            if qc != self._genesis_qc:
                raise Malformed(reason="a QC of the genesis round is not the genesis certificate")
            return
        if qc.qc_round >= qc.round:
            raise Malformed(reason=f"a QC of round {qc.round} is for a vote on a QC of round {qc.qc_round}, not below")
        digest = qc.digest()
        if digest in self._certificates:
            return
        statement = Vote(
            chain_id=self._chain_id, epoch=qc.epoch, round=qc.round, block_id=qc.block_id, qc_round=qc.qc_round
        )
        self._check_quorum(qc.signers, [statement] * len(qc.signers), qc.signatures)
        self._certificates.add(digest)

    def check_tc(self, tc: TimeoutCertificate) -> None:
        """Rule 4: a quorum of timeouts, and the one full QC whose round is exactly the highest that they state."""
        self._check_epoch(tc.epoch)
        if len(tc.high_qc_rounds) != len(tc.signers) or not tc.signers:
            raise Malformed(reason=f"{len(tc.signers)} signers state {len(tc.high_qc_rounds)} QC rounds")
        if not is_highest_stated_qc(tc):
            raise Malformed(reason=f"the QC is of round {tc.high_qc.round}, the highest stated {tc.max_high_qc_round}")
        if tc.high_qc.round >= tc.round:
            raise Malformed(reason=f"round {tc.round} is given up with a QC of round {tc.high_qc.round}, not below it")
        digest = tc.digest()
        if digest in self._certificates:
            return
        statements = [
            Timeout(chain_id=self._chain_id, epoch=tc.epoch, round=tc.round, high_qc_round=high_qc_round)
            for high_qc_round in tc.high_qc_rounds
        ]
        self._check_quorum(tc.signers, statements, tc.signatures)
        self.check_qc(tc.high_qc)
        self._certificates.add(digest)

    def check_commit_certificate(self, certificate: CommitCertificate) -> None:
        """A quorum of commit votes."""
        self._check_epoch(certificate.epoch)
        if certificate.round <= self._genesis_qc.round:
            raise Malformed(reason=f"nothing is committed in round {certificate.round}")
        digest = tagged_hash(CERTIFICATE_TAG, encode(certificate))
        if digest in self._certificates:
            return
        statement = Commit(
            chain_id=self._chain_id, epoch=certificate.epoch, round=certificate.round, block_id=certificate.block_id
        )
        self._check_quorum(certificate.signers, [statement] * len(certificate.signers), certificate.signatures)
        self._certificates.add(digest)

    def check_proof(self, proof: CommitProof) -> None:
        """Either proof of finality (rule 5). What it makes final is told by `types.proof_block`."""
        match proof:
            case CommitCertificate():
                self.check_commit_certificate(proof)
            case TwoChain():
                self.check_header(proof.child)
                if proof.qc.block_id != proof.child.id() or proof.qc.round != proof.child.round:
                    raise Malformed(reason="the QC does not certify the child")
                if not is_consecutive(proof):
                    raise Malformed(reason=f"rounds {proof.qc.qc_round} and {proof.qc.round} do not follow one another")
                self.check_qc(proof.qc)

    # Sign requests.

    def check_request(self, request: SignRequest) -> None:
        """What a signer verifies before the rules: the certificates, and that the header binds them."""
        match request:
            case ProposeRequest() | VoteRequest():
                self.check_header(request.header)
                self._check_binding(request.header, request.qc, request.tc)
                self.check_qc(request.qc)
                if request.tc is not None:
                    self.check_tc(request.tc)
            case TimeoutRequest():
                self.check_qc(request.high_qc)
                if request.tc is not None:
                    self.check_tc(request.tc)
            case CommitRequest():
                self.check_qc(request.qc)
                if request.qc == self._genesis_qc:
                    raise Malformed(reason="the genesis block is final without commit votes")

    # Leaves.

    def _check_timeout(self, message: TimeoutMessage) -> None:
        if message.high_qc.round >= message.round:
            raise Malformed(
                reason=f"round {message.round} is given up with a QC of round {message.high_qc.round}, not below it"
            )
        statement = timeout_statement(self._chain_id, message)
        self._check_own_statement(message.voter, statement, message.signature)
        self.check_qc(message.high_qc)

    def _check_binding(self, header: Header, qc: QuorumCertificate, tc: TimeoutCertificate | None) -> None:
        if header.parent_id != qc.block_id:
            raise Malformed(reason="the QC is not for the parent")
        if header.qc_digest != qc.digest():
            raise Malformed(reason="the QC is not the one that the header binds")
        if header.tc_digest != (EMPTY_DIGEST if tc is None else tc.digest()):
            raise Malformed(reason="the TC is not the one that the header binds")
        if header.round <= qc.round:
            raise Malformed(reason=f"a block of round {header.round} carries a QC of round {qc.round}, not below it")

    def _check_epoch(self, epoch: int) -> None:
        if epoch != self._set.epoch:
            raise WrongEpoch(expected=self._set.epoch, got=epoch)

    def _validator(self, index: int) -> Validator:
        if not 0 <= index < len(self._set.validators):
            raise UnknownSigner(index=index, size=len(self._set.validators))
        return self._set.validators[index]

    def _check_quorum(
        self, signers: Sequence[int], statements: Sequence[Statement], signatures: Sequence[Signature]
    ) -> None:
        if len(signatures) != len(signers):
            raise Malformed(reason=f"{len(signers)} signers and {len(signatures)} signatures")
        if any(later <= earlier for earlier, later in pairwise(signers)):
            raise Malformed(reason="signers must be strictly increasing")
        power = sum(self._validator(signer).power for signer in signers)
        if not self._set.is_quorum(power):
            raise NoQuorum(power=power, total=self._total_power)
        for signer, statement, signature in zip(signers, statements, signatures, strict=True):
            self._check_statement(signer, statement, signature)

    def _check_own_statement(self, voter: int, statement: Statement, signature: Signature) -> None:
        self._check_epoch(statement.epoch)
        if statement.round <= self._genesis_qc.round:
            raise Malformed(reason=f"round {statement.round} is at or before the genesis round")
        self._check_statement(voter, statement, signature)

    def _check_statement(self, index: int, statement: Statement, signature: Signature) -> None:
        key = self._validator(index).public_key
        message = signing_bytes(statement)
        entry = b"".join((key, signature, message))
        if entry in self._signatures:
            return
        if not self._check_signature(key, message, signature):
            raise BadSignature(index=index, statement=type(statement).__name__)
        self._signatures.add(entry)


def event_of(message: ConsensusMessage, *, sender: ValidatorId, now_ms: int) -> Event:
    """The event that a message which has been checked becomes."""
    match message:
        case ProposalMessage():
            return ProposalReceived(now_ms, sender, message)
        case VoteMessage():
            return VoteReceived(now_ms, sender, message)
        case CommitVoteMessage():
            return CommitVoteReceived(now_ms, sender, message)
        case TimeoutMessage():
            return TimeoutReceived(now_ms, sender, message)
        case SyncMessage():
            return SyncReceived(now_ms, sender, message)


def is_highest_stated_qc(tc: TimeoutCertificate) -> bool:
    """Rule 4: whether the QC of a TC is of exactly the highest round that its signers state."""
    return tc.high_qc.round == tc.max_high_qc_round


def is_consecutive(proof: TwoChain) -> bool:
    """Rule 5: whether the child's round is the one right after its parent's."""
    return proof.qc.round == proof.qc.qc_round + 1


def vote_statement(chain_id: ChainId, message: VoteMessage) -> Vote:
    """What the sender of a vote has signed."""
    return Vote(
        chain_id=chain_id,
        epoch=message.epoch,
        round=message.round,
        block_id=message.block_id,
        qc_round=message.qc_round,
    )


def commit_statement(chain_id: ChainId, message: CommitVoteMessage) -> Commit:
    """What the sender of a commit vote has signed."""
    return Commit(chain_id=chain_id, epoch=message.epoch, round=message.round, block_id=message.block_id)


def timeout_statement(chain_id: ChainId, message: TimeoutMessage) -> Timeout:
    """What the sender of a timeout has signed."""
    return Timeout(chain_id=chain_id, epoch=message.epoch, round=message.round, high_qc_round=message.high_qc.round)
