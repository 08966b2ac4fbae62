"""Which peers are sent away for what they do: many faults in a short time cost the connection, each time for longer.

An honest peer commits none, so the bounds are for a peer of another release or with failing hardware; and a validator
that is sent away by mistake is missed for seconds, not for good. A stranger, whom nobody misses, has a smaller bound.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from daonode.replica.events import PeerId

MAX_FAULTS = 32
MAX_FAULTS_OF_A_STRANGER = 4
FAULT_WINDOW_SECONDS = 60.0
"""More faults than that within this time cost the connection."""
FIRST_ABSENCE_SECONDS = 5.0
MAX_ABSENCE_SECONDS = 300.0
"""A peer is kept away for `FIRST_ABSENCE_SECONDS`, then each time for twice as long, up to this."""
FORGIVEN_EACH_SECONDS = 300.0
"""Each time a peer was back for so long without being sent away, one doubling is forgiven; all in half an hour."""
MAX_OFFENDERS = 256
"""Peers that are remembered; with one more, who offended first is forgotten."""


@dataclass(slots=True)
class _Record:
    faults: deque[float] = field(default_factory=deque)
    absences: int = 0
    away_until: float = 0.0


class Offences:
    """Counts the faults of peers. `now` tells monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: dict[PeerId, _Record] = {}

    def note(self, peer: PeerId, *, max_faults: int) -> float | None:
        """Take a fault; returns for how many seconds the peer is to be sent away, or None where it may stay.

        What it had sent before it was sent away does not count again.
        """
        now = self._now()
        record = self._record(peer)
        if now < record.away_until:
            return None
        record.faults.append(now)
        while record.faults[0] <= now - FAULT_WINDOW_SECONDS:
            record.faults.popleft()
        if len(record.faults) <= max_faults:
            return None
        record.faults.clear()
        forgiven = int((now - record.away_until) // FORGIVEN_EACH_SECONDS)
        record.absences = max(0, record.absences - forgiven)
        seconds = min(FIRST_ABSENCE_SECONDS * 2.0**record.absences, MAX_ABSENCE_SECONDS)
        if seconds < MAX_ABSENCE_SECONDS:
            record.absences += 1
        record.away_until = now + seconds
        return seconds

    def _record(self, peer: PeerId) -> _Record:
        record = self._records.get(peer)
        if record is None:
            if len(self._records) >= MAX_OFFENDERS:
                del self._records[next(iter(self._records))]
            record = self._records[peer] = _Record()
        return record
