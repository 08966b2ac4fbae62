"""Where this module's state lives. Tags are never reused."""

from typing import Final

from daonode.ledger.table import ONLY_KEY, U64_KEY, Table, fixed_key, pair_key
from daonode.modules.validators.params import Params
from daonode.modules.validators.types import (
    BondRecord,
    Conviction,
    EpochSet,
    EpochState,
    ProposalCounts,
    ValidatorRecord,
)
from daonode.primitives.ids import ValidatorId

NAME: Final = "validators"

VALIDATOR_KEY: Final = fixed_key(ValidatorId)

VALIDATORS: Final = Table(NAME, 1, VALIDATOR_KEY, ValidatorRecord)
PROPOSAL_COUNTS: Final = Table(NAME, 2, ONLY_KEY, ProposalCounts)
PARAMS: Final = Table(NAME, 3, ONLY_KEY, Params)
EPOCH: Final = Table(NAME, 4, ONLY_KEY, EpochState)
SETS: Final = Table(NAME, 5, U64_KEY, EpochSet)
CONVICTION_KEY: Final = pair_key(U64_KEY, VALIDATOR_KEY)
CONVICTIONS: Final = Table(NAME, 6, CONVICTION_KEY, Conviction)
"""By epoch, then validator."""
BONDS: Final = Table(NAME, 7, VALIDATOR_KEY, BondRecord)
"""No record where nothing is bonded or on its way back."""
