"""From a genesis document to a replica: the first batch of an empty store, and the wiring of the parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daonode.consensus.certificates import genesis_certificate
from daonode.consensus.safety import SafetyState, initial_safety_state
from daonode.consensus.types import QuorumCertificate, ValidatorSet
from daonode.consensus.verification import SignatureCheck, Verifier
from daonode.genesis.document import GenesisDocument
from daonode.genesis.initial import InitialState, consensus_config, make_application, make_initial_state
from daonode.ledger.application import Application
from daonode.ledger.gas import GAS_A_MS
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.primitives.signatures import verify
from daonode.replica.archive import Archive
from daonode.replica.committing import KEPT_VERSIONS, Writes, commit_writes
from daonode.replica.events import PeerId
from daonode.replica.intake import Intake
from daonode.replica.replica import Replica, ReplicaConfig

ROUND_SHARE = 4
"""The part of a round that executing its block may take: a leader builds it, then the others execute it."""
MAX_BUILDING_MS = 250
"""However long a round is, larger blocks would make everyone wait longer and commit no more a second."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What follows from a genesis document alone; the same on every node."""

    document: GenesisDocument
    initial: InitialState
    application: Application
    genesis_qc: QuorumCertificate

    @property
    def validators(self) -> ValidatorSet:
        """The set of the first epoch."""
        return self.initial.validators

    def genesis_writes(self) -> Writes:
        """What an empty `state` database is initialised with, in one batch."""
        return commit_writes(self.initial.header, self.initial.result, None)

    def initial_safety(self, public_key: PublicKey) -> SafetyState:
        """The safety state of a validator that has never signed."""
        return initial_safety_state(
            chain_id=self.document.chain.chain_id, public_key=public_key, genesis_qc=self.genesis_qc
        )

    def make_verifier(self, check_signature: SignatureCheck = verify) -> Verifier:
        """A verifier of consensus messages, with caches of its own."""
        return Verifier(
            chain_id=self.document.chain.chain_id,
            validators=self.validators,
            genesis_qc=self.genesis_qc,
            check_signature=check_signature,
        )

    def make_replica(
        self,
        *,
        own: ValidatorId | None,
        peers: Mapping[ValidatorId, PeerId],
        archive: Archive,
        safety: SafetyState,
        verifier: Verifier,
        kept_versions: int = KEPT_VERSIONS,
    ) -> Replica:
        """A replica over a store that holds this chain."""
        heartbeat = self.document.chain.consensus.heartbeat
        config = ReplicaConfig(
            consensus=consensus_config(self.document),
            validators=self.validators,
            own=own,
            peers=peers,
            heartbeat_ms=None if heartbeat is None else int(heartbeat),
            gas_target=min(self.document.chain.consensus.timeout_base // ROUND_SHARE, MAX_BUILDING_MS) * GAS_A_MS,
            kept_versions=kept_versions,
        )
        return Replica(config, application=self.application, verifier=verifier, archive=archive, safety=safety)

    def make_intake(self, archive: Archive, verifier: Verifier) -> Intake:
        """What turns bytes from peers and clients into checked values."""
        return Intake(verifier=verifier, application=self.application, state=archive.state_at_tip())


def make_chain(document: GenesisDocument) -> Chain:
    """Derive everything that a node needs from a genesis document.

    Raises:
        GenesisError: a module refuses its section; the path says where.
    """
    initial = make_initial_state(document)
    return Chain(
        document=document,
        initial=initial,
        application=make_application(document),
        genesis_qc=genesis_certificate(initial.header),
    )
