"""From a genesis document, or a store that began with it, to a replica: the first batch, the wiring of the parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.safety import SafetyState, initial_safety_state
from daonode.consensus.types import Header, QuorumCertificate, ValidatorSet
from daonode.consensus.verification import SignatureCheck, Verifier
from daonode.genesis.document import ChainDescription, GenesisDocument
from daonode.genesis.errors import GenesisError
from daonode.genesis.initial import (
    InitialState,
    ValidatorSource,
    consensus_config,
    make_application,
    make_initial_state,
    validator_source,
)
from daonode.ledger.application import Application
from daonode.ledger.gas import GAS_A_MS
from daonode.ledger.registry import RegistryError, discover
from daonode.primitives.codec import encode
from daonode.primitives.ids import Hash, PublicKey, ValidatorId
from daonode.primitives.signatures import verify
from daonode.replica.archive import Archive, KeyValueReader
from daonode.replica.committing import KEPT_VERSIONS, Writes, commit_writes, epoch_writes
from daonode.replica.config import ReplicaConfig
from daonode.replica.events import PeerId
from daonode.replica.intake import Intake
from daonode.replica.joining import Joining
from daonode.replica.layout import GENESIS_KEY, EpochRecord, StoredGenesis
from daonode.replica.rebuilding import Origin
from daonode.replica.replica import Replica
from daonode.replica.snapshot_archive import SnapshotArchive

ROUND_SHARE = 4
"""The part of a round that executing its block may take: a leader builds it, then the others execute it."""
MAX_BUILDING_MS = 250
"""However long a round is, larger blocks would make everyone wait longer and commit no more a second."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What follows from a genesis document alone, the same on every node; small however large the first state is."""

    description: ChainDescription
    genesis: Header
    """The header of the genesis block."""
    validators: ValidatorSet
    """The set of the first epoch."""
    application: Application
    source: ValidatorSource
    genesis_qc: QuorumCertificate

    @property
    def genesis_hash(self) -> Hash:
        """The hash of the document: the genesis block stands on it."""
        return Hash(self.genesis.parent_id)

    @property
    def first_epoch(self) -> EpochRecord:
        """The epoch that the chain begins in."""
        return EpochRecord(start_height=self.genesis.height, validators=self.validators, genesis_qc=self.genesis_qc)

    def initial_safety(self, public_key: PublicKey) -> SafetyState:
        """The safety state of a validator that has never signed."""
        return initial_safety_state(
            chain_id=self.description.chain_id,
            public_key=public_key,
            validators=self.validators,
            genesis_qc=self.genesis_qc,
        )

    def make_verifier(self, check_signature: SignatureCheck = verify) -> Verifier:
        """A verifier of consensus messages, with caches of its own, at first of the first epoch."""
        return Verifier(
            chain_id=self.description.chain_id,
            validators=self.validators,
            genesis_qc=self.genesis_qc,
            check_signature=check_signature,
        )

    def make_replica(
        self,
        *,
        keys: tuple[PublicKey, ...],
        peers: Mapping[ValidatorId, PeerId],
        archive: Archive,
        safety: SafetyState,
        verifier: Verifier,
        kept_versions: int = KEPT_VERSIONS,
        snapshots: SnapshotArchive | None = None,
        snapshot_interval: int | None = None,
    ) -> Replica:
        """A replica over a store that holds this chain; `keys` are those of the signer whose state `safety` is."""
        heartbeat = self.description.consensus.heartbeat
        config = ReplicaConfig(
            consensus=consensus_config(self.description),
            keys=keys,
            peers=peers,
            heartbeat_ms=None if heartbeat is None else int(heartbeat),
            gas_target=min(self.description.consensus.timeout_base // ROUND_SHARE, MAX_BUILDING_MS) * GAS_A_MS,
            kept_versions=kept_versions,
            snapshot_interval=snapshot_interval,
        )
        return Replica(
            config,
            application=self.application,
            source=self.source,
            verifier=verifier,
            archive=archive,
            safety=safety,
            snapshots=snapshots,
        )

    def make_intake(self, archive: Archive, verifier: Verifier) -> Intake:
        """What turns bytes from peers and clients into checked values."""
        return Intake(verifier=verifier, application=self.application, state=archive.state_at_tip())


@dataclass(frozen=True, slots=True)
class NewChain(Chain):
    """A chain whose genesis block has just been executed: with the document and the whole first state."""

    document: GenesisDocument
    initial: InitialState

    def without_state(self) -> Chain:
        """What is needed of it once its writes have been made."""
        return Chain(self.description, self.genesis, self.validators, self.application, self.source, self.genesis_qc)

    def genesis_writes(self) -> Writes:
        """What an empty `state` database is initialised with; the tip and what `stored_chain` needs stand last."""
        writes = commit_writes(self.genesis, self.initial.result, None)
        return *epoch_writes(self.first_epoch), *writes, self.stored_genesis()

    def make_joining(self, *, state: KeyValueReader, snapshots: KeyValueReader, verifier: Verifier) -> Joining:
        """What takes a node with empty databases to a snapshot of its peers."""
        origin = Origin(self.genesis, self.first_epoch, self.stored_genesis())
        return Joining(state=state, snapshots=snapshots, verifier=verifier, origin=origin)

    def stored_genesis(self) -> tuple[bytes, bytes]:
        """The key and the record of what a later start needs of the document."""
        stored = StoredGenesis(
            chain=self.description,
            modules=tuple(module.name for module in self.document.registry.modules),
            header=self.genesis,
            validators=self.validators,
        )
        return GENESIS_KEY, encode(stored)


def make_chain(document: GenesisDocument) -> NewChain:
    """Derive everything that a node needs from a genesis document: executes the genesis block.

    Raises:
        GenesisError: a module refuses its section; the path says where.
    """
    initial = make_initial_state(document)
    return NewChain(
        description=document.chain,
        genesis=initial.header,
        validators=initial.validators,
        application=make_application(document.chain, document.registry),
        source=validator_source(document.registry),
        genesis_qc=genesis_certificate(initial.header),
        document=document,
        initial=initial,
    )


def stored_chain(stored: StoredGenesis) -> Chain:
    """The chain that a store was initialised with.

    Raises:
        GenesisError: a module that it has is not installed.
    """
    try:
        registry = discover(stored.modules)
    except RegistryError as error:
        raise GenesisError(path="$.modules", reason=str(error)) from error
    return Chain(
        description=stored.chain,
        genesis=stored.header,
        validators=stored.validators,
        application=make_application(stored.chain, registry),
        source=validator_source(registry),
        genesis_qc=genesis_certificate(stored.header),
    )
