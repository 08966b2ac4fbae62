"""What is always true of governance's state. Each check reads everything; none is run by the chain itself."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Mapping

from daonode.ledger.history import is_well_formed, latest
from daonode.ledger.module import Invariant
from daonode.ledger.snapshots import live
from daonode.ledger.state import StateReader
from daonode.modules.governance.expected import AccountsKeeper
from daonode.modules.governance.keeper import HOLDER, GovernanceKeeper
from daonode.modules.governance.keys import (
    BALLOTS,
    DECIDING,
    DELEGATIONS,
    DEPOSIT_TOTALS,
    DEPOSITS,
    EXECUTION,
    LIVE,
    LIVE_COUNTS,
    PROPOSALS,
    QUEUE,
    RECEIVED,
    SETTLEMENTS,
    TALLIES,
    TRACKS,
)
from daonode.modules.governance.rules import turnout
from daonode.modules.governance.types import BEFORE_DECISION_ENDS, ENDED, DepositTotals, Tally
from daonode.primitives.ids import Address


class Invariants:
    """The checks by name."""

    def __init__(self, accounts: AccountsKeeper, keeper: GovernanceKeeper) -> None:
        self._accounts = accounts
        self._keeper = keeper

    def by_name(self) -> Mapping[str, Invariant]:
        """Return each invariant under its name."""
        return {
            "deposits": self.deposits_are_conserved,
            "tallies": self.tallies_are_their_ballots,
            "received": self.received_is_the_sum_of_delegators,
            "phases": self.phases_agree,
        }

    def deposits_are_conserved(self, state: StateReader) -> str | None:
        """Received is refunded, burned and held; what is held is there; only open proposals have any."""
        totals = DEPOSIT_TOTALS.get(state, None) or DepositTotals()
        parts = tuple(DEPOSITS.iterate(state))
        held = sum(part.amount for _, part in parts)
        if totals.received != totals.refunded + totals.burned + held:
            return f"received {totals.received}, refunded {totals.refunded}, burned {totals.burned}, but held {held}"
        balance = self._accounts.balance(state, account=HOLDER, asset=self._accounts.native_asset(state))
        if balance < held:
            return f"{held} are held in deposits, the module's account has {balance}"
        settling = {proposal for proposal, _ in SETTLEMENTS.iterate(state)}
        for (proposal, _), _ in parts:
            phase = PROPOSALS.require(state, proposal).phase
            if (phase in BEFORE_DECISION_ENDS) == (proposal in settling):
                return f"proposal {proposal.hex()} is {phase} and still has a deposit"
        if settling - {proposal for (proposal, _), _ in parts}:
            return "deposits are to be settled of a proposal that has none"
        return None

    def tallies_are_their_ballots(self, state: StateReader) -> str | None:
        """Each tally is the sum of its ballots and not above the electorate's power."""
        sums: dict[bytes, Count[str]] = {}
        for (proposal, voter), ballot in BALLOTS.iterate(state):
            if not 0 <= ballot.overridden <= ballot.received:
                return f"voter {voter.hex()} received {ballot.received}, {ballot.overridden} of it overridden"
            if ballot.choice is not None:
                sums.setdefault(proposal, Count())[ballot.choice] += ballot.weight
        for proposal, record in PROPOSALS.iterate(state):
            tally = TALLIES.get(state, proposal) or Tally()
            counted = sums.get(proposal, Count())
            if (tally.yes, tally.no, tally.abstain) != (counted["yes"], counted["no"], counted["abstain"]):
                return f"proposal {record.number}: tally {tally}, ballots {dict(counted)}"
            if turnout(tally) > record.electorate_power:
                return f"proposal {record.number}: {turnout(tally)} cast by an electorate of {record.electorate_power}"
        return None

    def received_is_the_sum_of_delegators(self, state: StateReader) -> str | None:
        """Received power, now and at every live snapshot, is the power of those who delegate there."""
        now = 2**63
        for height in (*live(state), now):
            expected: Count[tuple[int, Address]] = Count()
            for account, delegations in DELEGATIONS.iterate(state):
                for entry in delegations.tracks:
                    track = TRACKS.require(state, entry.track)
                    delegate = self._keeper.delegations.delegate_at(
                        state, track=entry.track, account=account, height=height
                    )
                    source = self._keeper.sources.of_track(state, track)
                    if delegate is not None:
                        expected[entry.track, delegate] += source.power_at(state, account=account, height=height)
            for (track_id, account), received in RECEIVED.iterate(state):
                found = self._keeper.delegations.received_at(state, track=track_id, account=account, height=height)
                if found != expected.pop((track_id, account), 0):
                    return f"track {track_id}: {account.hex()} received {found} at {height}, not what is delegated"
                if height == now and not (is_well_formed(received.power) and found == latest(received.power)):
                    return f"track {track_id}: the past of {account.hex()} is not well formed"
            missing = {key: power for key, power in expected.items() if power}
            if missing:
                return f"at height {height} no record of power received by {sorted(missing)}"
        return None

    def phases_agree(self, state: StateReader) -> str | None:
        """Counts, queue, live proposals, snapshots and ends are those that the proposals' phases imply."""
        if EXECUTION.has(state, None):
            return "an execution is recorded as running between blocks"
        deciding: Count[int] = Count()
        live_counts: Count[int] = Count()
        for _, proposal in PROPOSALS.iterate(state):
            deciding[proposal.track.id] += proposal.phase == "deciding"
            if (proposal.phase in ENDED) != (proposal.ended_at is not None):
                return f"proposal {proposal.number} is {proposal.phase}, ended at {proposal.ended_at}"
            if QUEUE.has(state, (proposal.track.id, proposal.number)) != (proposal.phase == "queued"):
                return f"proposal {proposal.number} is {proposal.phase}, which its place in the queue denies"
            if proposal.phase in BEFORE_DECISION_ENDS and proposal.snapshot_height not in live(state):
                return f"proposal {proposal.number} is open, its snapshot {proposal.snapshot_height} is not held"
            if proposal.phase in BEFORE_DECISION_ENDS:
                live_counts[proposal.track.id] += 1
                reference = LIVE.get(state, (proposal.track.id, proposal.proposer))
                if reference is None or reference.proposal != proposal.id:
                    return f"proposal {proposal.number} is live, its proposer has another on the track"
        if dict(live_counts) != {track_id: counter.value for track_id, counter in LIVE_COUNTS.iterate(state)}:
            return f"tracks have {dict(live_counts)} live proposals, other numbers are counted"
        if sum(1 for _ in LIVE.iterate(state)) != live_counts.total():
            return "an account is said to have a live proposal that it has not"
        for track_id, track in TRACKS.iterate(state):
            counter = DECIDING.get(state, track_id)
            count = 0 if counter is None else counter.value
            if count != deciding[track_id] or count > track.max_deciding:
                return f"track {track_id}: counts {count} of {track.max_deciding} decisions, has {deciding[track_id]}"
        return None
