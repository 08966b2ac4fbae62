"""What calls cost, in the units that an address's budget holds: about a tenth of a millisecond of work each."""

from __future__ import annotations

from typing import Final

READ: Final = 1
"""A value in memory or one read of a database."""
SEND: Final = 2
"""A signature to verify."""
WORK: Final = 10
"""Execution, proofs, whole blocks, walks through the state."""
REQUEST: Final = 15
"""HTTP and JSON around whatever is asked: no address is charged for it, strangers together are."""
UNITS_A_PERCENT: Final = 100
"""What a hundredth of a core does in a second."""
