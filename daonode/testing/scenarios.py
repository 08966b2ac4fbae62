"""The kinds of runs: who plays which validator, how unfair the network is, how long it goes on.

`faults` is the kind that thousands of seeds are played of. The others are biased: each brings about, within few seeds,
what one sort of broken rule would allow, and shows with the rules whole that they hold against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from daonode.consensus.messages import CommitVoteMessage
from daonode.replica.messages import BlockResponse, Message
from daonode.testing.byzantine.censor import Censor
from daonode.testing.byzantine.delayer import Delayer
from daonode.testing.byzantine.equivocating_proposer import EquivocatingProposer
from daonode.testing.byzantine.equivocating_voter import EquivocatingVoter
from daonode.testing.byzantine.flooder import Flooder
from daonode.testing.byzantine.forger import Forger
from daonode.testing.byzantine.forgetful_disk import ForgetfulDisk
from daonode.testing.byzantine.future_speaker import FutureSpeaker
from daonode.testing.byzantine.old_certificates import OldCertificates
from daonode.testing.byzantine.pestered import PesteredNode
from daonode.testing.byzantine.range_liar import RangeLiar
from daonode.testing.byzantine.reckless import RecklessNode
from daonode.testing.byzantine.snapshot_liar import SnapshotLiar
from daonode.testing.byzantine.stale_leader import StaleLeader
from daonode.testing.byzantine.time_shifter import TimeShifter
from daonode.testing.byzantine.twins import Twins
from daonode.testing.byzantine.usurper import Usurper
from daonode.testing.byzantine.withholder import Withholder
from daonode.testing.byzantine.wrong_rooter import WrongRooter
from daonode.testing.node import Node
from daonode.testing.world import EPOCH_BLOCKS

MIN_COMMITS = 50
"""What docs/testing.md asks of a seed."""
SHORT_COMMITS = 20
"""Enough for a biased run, whose storm is what it is played for."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of run. `cast` names who plays a validator, by index, where it is not an honest one."""

    name: str
    validator_count: int = 4
    cast: Mapping[int, type[Node]] = field(default_factory=dict)
    liars: tuple[type[Node], ...] = ()
    """Kinds of which the seed draws as many as may be Byzantine, and whom they play."""
    is_unfair: bool = False
    """Whether the network is biased (`interference.py`) until the calm."""
    muted: tuple[type[Message], ...] = ()
    """Kinds of messages that honest nodes send in vain until the calm."""
    epoch_blocks: int = EPOCH_BLOCKS
    """After so many blocks an epoch ends."""
    powers: tuple[int, ...] = (1,)
    """Those of the validators, in turn."""
    changes_validators: bool = False
    """Whether validators leave, come back and change their keys all the time."""
    snapshot_interval: int | None = None
    """After how many heights each node takes a snapshot."""
    loses_disk: int | None = None
    """Who loses all but its signer's state in the storm, and begins again with a snapshot."""
    kept_versions: Mapping[int, int] = field(default_factory=dict)
    """Of so many heights below the tip a node keeps the state, by index, where it prunes within a run."""
    max_job_ms: int = 0
    """So long the execution of a block may take until the calm."""
    is_judged_at_the_end: bool = True
    """Whether the chain must go on after the storm; if not, only safety is judged."""
    min_commits: int = SHORT_COMMITS


PRUNING: Mapping[int, int] = {2: 1, 3: 10}
"""Two nodes that prune: one keeps hardly anything, the window of the other has blocks of two epochs now and then."""

FAULTS = Scenario("faults", epoch_blocks=15, kept_versions=PRUNING, min_commits=MIN_COMMITS)

EPOCHS = Scenario(
    "epochs",
    validator_count=5,
    powers=(1, 2, 3),
    changes_validators=True,
    epoch_blocks=5,
    kept_versions=PRUNING,
    min_commits=MIN_COMMITS,
)

LIARS: tuple[type[Node], ...] = (
    Censor,
    Delayer,
    EquivocatingProposer,
    EquivocatingVoter,
    Flooder,
    Forger,
    FutureSpeaker,
    StaleLeader,
    TimeShifter,
    Twins,
    Withholder,
    WrongRooter,
)
"""Every kind of validator that may sign anything."""

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        FAULTS,
        Scenario("unfair", is_unfair=True),
        Scenario("six", validator_count=6),
        Scenario("slow-execution", is_unfair=True, epoch_blocks=8, kept_versions=PRUNING, max_job_ms=1_500),
        EPOCHS,
        Scenario(
            "old-certificates",
            cast={3: OldCertificates},
            epoch_blocks=4,
            is_unfair=True,
            muted=(CommitVoteMessage,),
        ),
        Scenario("usurper", cast=dict.fromkeys(range(4), Usurper), epoch_blocks=4),
        Scenario("joining", cast={0: SnapshotLiar}, epoch_blocks=8, snapshot_interval=4, loses_disk=3),
        Scenario("equivocating-proposer", cast={3: EquivocatingProposer}, is_unfair=True),
        Scenario("equivocating-voter", cast={2: EquivocatingVoter}, is_unfair=True),
        Scenario("stale-leader", cast={1: StaleLeader}, is_unfair=True, muted=(CommitVoteMessage,)),
        Scenario("forger", cast={0: Forger}, is_unfair=True),
        Scenario("forging-server", cast={0: Forger}, is_unfair=True, muted=(BlockResponse,)),
        Scenario("range-liar", cast={0: RangeLiar}, is_unfair=True, muted=(BlockResponse,)),
        Scenario("forgetful-disk", cast={1: ForgetfulDisk}),
        Scenario("withholder", cast={0: Withholder}, is_unfair=True),
        Scenario("delayer", cast={1: Delayer}, is_unfair=True),
        Scenario("censor", cast={2: Censor}, min_commits=MIN_COMMITS),
        Scenario("time-shifter", cast={3: TimeShifter}),
        Scenario("wrong-rooter", cast={0: WrongRooter}),
        Scenario("future-speaker", cast={1: FutureSpeaker}, is_unfair=True),
        Scenario("flooder", cast={2: Flooder}),
        Scenario("twins", cast={3: Twins}, is_unfair=True),
        Scenario("two-of-seven", validator_count=7, liars=LIARS, is_unfair=True),
        Scenario("pestered", cast=dict.fromkeys(range(4), PesteredNode), is_unfair=True),
        Scenario(
            "reckless",
            cast={**dict.fromkeys(range(3), RecklessNode), 3: EquivocatingProposer},
            is_unfair=True,
            is_judged_at_the_end=False,
        ),
    )
}
