"""The oracle's own reading of who signed what: quorum arithmetic, hashing and signatures, restated and not imported.

Statements are compared by their fields; certificates are judged by recomputing every signature from the validators'
secrets, which only a test bench has. From the product come types to read, and nothing that decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from daonode.consensus.types import (
    Block,
    CommitCertificate,
    Header,
    QuorumCertificate,
    TimeoutCertificate,
    TwoChain,
    ValidatorSet,
)
from daonode.testing.world import Secret, World

STATEMENT_PREFIX = b"daonode/statement/v1"
HEADER_PREFIX = b"daonode/header/v1"
VALIDATORS_PREFIX = b"daonode/validators/v1"
TRANSACTION_PREFIX = b"daonode/tx/v1"

_read_payload = msgspec.msgpack.Decoder(tuple[tuple[bytes, ...], tuple[bytes, ...]]).decode
_read_transaction = msgspec.msgpack.Decoder(tuple[bytes, msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class Said:
    """One signed statement. `block_id` is None in a timeout; `qc_round` is None in a proposal and a commit vote."""

    kind: str
    round: int
    block_id: bytes | None
    qc_round: int | None
    epoch: int = 0

    def __str__(self) -> str:
        block = "" if self.block_id is None else f" {self.block_id.hex()[:8]}"
        qc_round = "" if self.qc_round is None else f" (qc {self.qc_round})"
        epoch = f"{self.epoch}:" if self.epoch else ""
        return f"{self.kind.upper()}@{epoch}{self.round}{block}{qc_round}"


def propose(round_: int, block_id: bytes, *, epoch: int = 0) -> Said:
    """PROPOSE(round, block_id)."""
    return Said("propose", round_, block_id, None, epoch)


def vote(round_: int, block_id: bytes, qc_round: int, *, epoch: int = 0) -> Said:
    """VOTE(round, block_id, qc_round)."""
    return Said("vote", round_, block_id, qc_round, epoch)


def commit(round_: int, block_id: bytes, *, epoch: int = 0) -> Said:
    """COMMIT(round, block_id)."""
    return Said("commit", round_, block_id, None, epoch)


def timeout(round_: int, high_qc_round: int, *, epoch: int = 0) -> Said:
    """TIMEOUT(round, high_qc_round)."""
    return Said("timeout", round_, None, high_qc_round, epoch)


def header_id(header: Header) -> bytes:
    """The id of a block: a hash over the header's fields in their order."""
    fields = [getattr(header, name) for name in header.__struct_fields__]
    return hashlib.sha256(HEADER_PREFIX + msgspec.msgpack.encode(fields)).digest()


def set_digest(validators: ValidatorSet) -> bytes:
    """The digest of a set: a hash over its epoch and its members' fields."""
    members = [[member.id, member.public_key, member.power] for member in validators.validators]
    return hashlib.sha256(VALIDATORS_PREFIX + msgspec.msgpack.encode([validators.epoch, members])).digest()


def closes_epoch(header: Header) -> bool:
    """Whether a block is the last of its epoch, or stands after it."""
    return header.next_validators_digest != header.validators_digest


def is_after_end(header: Header) -> bool:
    """Whether a block stands after the last of its epoch, and so never commits."""
    return header.next_validators_digest == bytes(32)


def bodies_of(block: Block) -> tuple[bytes, ...]:
    """The encoded bodies of a block's transactions, in order."""
    transactions, _evidence = _read_payload(block.payload)
    return tuple(map(body_of, transactions))


def body_of(transaction: bytes) -> bytes:
    """The encoded body of an encoded transaction."""
    return _read_transaction(transaction)[0]


def transaction_ids(block: Block) -> tuple[bytes, ...]:
    """The ids of a block's transactions in order: a hash over each body."""
    return tuple(hashlib.sha256(TRANSACTION_PREFIX + body).digest() for body in bodies_of(block))


@dataclass(frozen=True, slots=True)
class Members:
    """The set of an epoch: which node stands at each place, with what key and power, and the block it begins on."""

    nodes: tuple[int, ...]
    secrets: Mapping[int, Secret]
    powers: tuple[int, ...]
    first_round: int
    first_block: bytes


class Electorate:
    """The validators of each epoch, and the secrets of all nodes, by index."""

    def __init__(self, world: World) -> None:
        self._owners = {
            secret.public_key: (node, secret)
            for secrets in (world.secrets, world.spare_secrets)
            for node, secret in enumerate(secrets)
        }
        self._chain_id = str(world.chain.document.chain.chain_id)
        self._epochs: dict[int, Members] = {}
        self._sound: dict[QuorumCertificate | TimeoutCertificate | CommitCertificate, None] = {}
        self.add_epoch(world.chain.validators, world.chain.initial.header)

    def add_epoch(self, validators: ValidatorSet, first: Header) -> None:
        """Learn who decides in an epoch that begins on the block with this header."""
        members = [self._owners[member.public_key] for member in validators.validators]
        self._epochs[validators.epoch] = Members(
            nodes=tuple(node for node, _ in members),
            secrets=dict(members),
            powers=tuple(member.power for member in validators.validators),
            first_round=first.round,
            first_block=header_id(first),
        )

    def is_member(self, epoch: int, node: int) -> bool:
        """Whether a node is a validator in an epoch."""
        return node in self._epochs[epoch].nodes

    def knows(self, epoch: int) -> bool:
        """Whether an epoch has begun."""
        return epoch in self._epochs

    def node_at(self, epoch: int, place: int) -> int | None:
        """The node at a place of an epoch's set."""
        members = self._epochs.get(epoch)
        return members.nodes[place] if members is not None and place < len(members.nodes) else None

    def is_quorum(self, nodes: Iterable[int], epoch: int = 0) -> bool:
        """Whether the nodes, each counted once, have strictly more than two thirds of an epoch's power."""
        members = self._epochs[epoch]
        given = {*nodes}
        power = sum(power for node, power in zip(members.nodes, members.powers, strict=True) if node in given)
        return power * 3 > sum(members.powers) * 2

    def has_signed(self, node: int, said: Said, signature: bytes) -> bool:
        """Whether this is the node's signature over the statement."""
        rest = [part for part in (said.block_id, said.qc_round) if part is not None]
        message = msgspec.msgpack.encode([said.kind, self._chain_id, said.epoch, said.round, *rest])
        secret = self._epochs[said.epoch].secrets.get(node)
        return secret is not None and secret.sign(STATEMENT_PREFIX + message) == signature

    def fault_of_qc(self, qc: QuorumCertificate, epoch: int = 0) -> str | None:
        """What is wrong with a QC as one of an epoch, or None."""
        members = self._epochs.get(epoch)
        if members is None or qc.epoch != epoch:
            return f"epoch {qc.epoch} where {epoch} is"
        if qc.round == members.first_round:
            return None if qc.block_id == members.first_block else "a QC of the genesis round for another block"
        if qc in self._sound:
            return None
        said = vote(qc.round, qc.block_id, qc.qc_round, epoch=epoch)
        fault = self._fault(members, qc.signers, [said] * len(qc.signers), qc.signatures)
        if fault is None:
            self._sound[qc] = None
        return fault

    def fault_of_tc(self, tc: TimeoutCertificate, epoch: int = 0) -> str | None:
        """What is wrong with a TC, or None: its QC must be whole, and of exactly the highest round that is stated."""
        members = self._epochs.get(epoch)
        if members is None or tc.epoch != epoch:
            return f"epoch {tc.epoch} where {epoch} is"
        if tc in self._sound:
            return None
        if len(tc.high_qc_rounds) != len(tc.signers):
            return f"{len(tc.signers)} signers state {len(tc.high_qc_rounds)} rounds"
        said = [timeout(tc.round, stated, epoch=epoch) for stated in tc.high_qc_rounds]
        fault = self._fault(members, tc.signers, said, tc.signatures) or self.fault_of_qc(tc.high_qc, epoch)
        if fault is None and tc.high_qc.round != max(tc.high_qc_rounds):
            fault = f"its QC is of round {tc.high_qc.round}, its signers state {tc.high_qc_rounds}"
        if fault is None:
            self._sound[tc] = None
        return fault

    def fault_of_commit(self, certificate: CommitCertificate, epoch: int = 0) -> str | None:
        """What is wrong with a commit certificate, or None."""
        members = self._epochs.get(epoch)
        if members is None or certificate.epoch != epoch:
            return f"epoch {certificate.epoch} where {epoch} is"
        if certificate in self._sound:
            return None
        said = commit(certificate.round, certificate.block_id, epoch=epoch)
        signers = certificate.signers
        fault = self._fault(members, signers, [said] * len(signers), certificate.signatures)
        if fault is None:
            self._sound[certificate] = None
        return fault

    def fault_of_two_chain(self, proof: TwoChain, committed: Header) -> str | None:
        """What is wrong with a certified child as the proof that `committed` is final, or None."""
        child = proof.child
        if child.parent_id != header_id(committed) or proof.qc.block_id != header_id(child):
            return "the child is not certified, or extends another block"
        if (child.round, proof.qc.round) != (committed.round + 1, committed.round + 1):
            return f"rounds {committed.round} and {child.round} (QC {proof.qc.round}) do not follow one another"
        return self.fault_of_qc(proof.qc, committed.epoch)

    def _fault(
        self, members: Members, places: Sequence[int], said: Sequence[Said], signatures: Sequence[bytes]
    ) -> str | None:
        if len({*places}) != len(places) or any(place >= len(members.nodes) for place in places):
            return f"a validator is counted twice, or is none: {places}"
        signers = [members.nodes[place] for place in places]
        if not signers or not self.is_quorum(signers, said[0].epoch):
            return f"{places} are no quorum"
        if len(signatures) != len(signers):
            return f"{len(signers)} signers, {len(signatures)} signatures"
        for signer, statement, signature in zip(signers, said, signatures, strict=True):
            if not self.has_signed(signer, statement, signature):
                return f"validator {signer} has not signed {statement}"
        return None
