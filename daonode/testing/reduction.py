"""What is left of the trouble of a run, so that a failing run can be played again with less of it."""

from __future__ import annotations

from dataclasses import dataclass

from daonode.testing.faults import FAULT_SPAN_MS, Fault
from daonode.testing.interference import KIND_NAMES


@dataclass(frozen=True, slots=True)
class Reduction:
    """By default nothing is left out.

    `faults` are the places of those that are kept in the order in which they strike, None for all; `unfair_to` names
    the kinds of messages that an unfair network still treats unfairly; the storm lasts `storm_ms`, and no fault strikes
    after it.
    """

    faults: tuple[int, ...] | None = None
    unfair_to: tuple[str, ...] = KIND_NAMES
    storm_ms: int = FAULT_SPAN_MS

    def of(self, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
        """Those of the drawn faults that strike."""
        places = range(len(faults)) if self.faults is None else self.faults
        return tuple(faults[place] for place in places if faults[place].at_ms <= self.storm_ms)


WHOLE = Reduction()
