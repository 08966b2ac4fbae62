"""What a replica is told of its chain and of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daonode.consensus.config import ConsensusConfig
from daonode.primitives.ids import PublicKey, ValidatorId
from daonode.replica.committing import KEPT_VERSIONS
from daonode.replica.events import PeerId


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """The settings of one replica.

    `keys` are those that the signer holds, none for a full node: in an epoch whose set has one of them it is a
    validator. `peers` names the transport peers of validators. An idle chain makes a block every `heartbeat_ms`, or
    none when that is None. State can be proven for `kept_versions` heights below the tip. A block that is built here
    ends once its transactions have used `gas_target`, sooner for some time after rounds that failed: larger ones are
    valid, and would not be executed everywhere before the round is over. A snapshot for new nodes is taken
    every `snapshot_interval` heights, or never when that is None.
    """

    consensus: ConsensusConfig
    keys: tuple[PublicKey, ...]
    peers: Mapping[ValidatorId, PeerId]
    heartbeat_ms: int | None
    gas_target: int
    kept_versions: int = KEPT_VERSIONS
    snapshot_interval: int | None = None
