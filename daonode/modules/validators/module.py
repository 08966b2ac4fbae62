"""The validators module: its parts under the names that the ledger knows."""

from collections.abc import Mapping
from typing import ClassVar

from daonode.consensus.evidence import Evidence
from daonode.consensus.types import Validator
from daonode.ledger.context import Context
from daonode.ledger.errors import TransactionError
from daonode.ledger.module import Handler, Invariant, Query
from daonode.ledger.state import StateReader
from daonode.modules.validators import epochs, invariants
from daonode.modules.validators.bonds import RETURN_PREFIX, Bonds
from daonode.modules.validators.court import Court
from daonode.modules.validators.events import (
    Bonded,
    BondReturned,
    BondSlashed,
    CandidateStood,
    ConsensusKeyRotated,
    EpochBegan,
    EvidenceAccepted,
    NextSetChosen,
    UnbondingBegan,
    ValidatorApproved,
    ValidatorEdited,
    ValidatorJailed,
    ValidatorLeft,
    ValidatorRemoved,
    ValidatorUnjailed,
    WeightSet,
)
from daonode.modules.validators.expected import AccountsModule
from daonode.modules.validators.genesis import ValidatorsGenesis, export_genesis, genesis_validators, init_genesis
from daonode.modules.validators.handlers import Handlers
from daonode.modules.validators.keeper import ValidatorsKeeper
from daonode.modules.validators.keys import NAME
from daonode.modules.validators.queries import Queries
from daonode.primitives.codec import Record
from daonode.primitives.ids import ChainId


class ValidatorsModule:
    """Implements the ledger's `Module`, and tells consensus the set of each epoch."""

    name: ClassVar[str] = NAME
    version: ClassVar[int] = 1
    requires: ClassVar[tuple[str, ...]] = ("accounts",)
    genesis_type: ClassVar[type[Record]] = ValidatorsGenesis
    events: ClassVar[tuple[type[Record], ...]] = (
        Bonded,
        BondReturned,
        BondSlashed,
        CandidateStood,
        ConsensusKeyRotated,
        EpochBegan,
        EvidenceAccepted,
        NextSetChosen,
        UnbondingBegan,
        ValidatorApproved,
        ValidatorEdited,
        ValidatorJailed,
        ValidatorLeft,
        ValidatorRemoved,
        ValidatorUnjailed,
        WeightSet,
    )

    def __init__(self, *, accounts: AccountsModule) -> None:
        self._accounts = accounts
        self.keeper = ValidatorsKeeper(Bonds(accounts.keeper))
        self.court = Court(self.keeper)
        accounts.bind_payouts(self.keeper)

    @property
    def messages(self) -> Mapping[type[Record], Handler]:
        """Each message type with what applies it."""
        return Handlers(self.keeper, self.court).by_type()

    @property
    def queries(self) -> Mapping[str, Query]:
        """Each query under its name."""
        return Queries(self.keeper).by_name()

    @property
    def invariants(self) -> Mapping[str, Invariant]:
        """Each invariant under its name."""
        return invariants.by_name(self._accounts.keeper)

    def genesis_validators(self, genesis: Record, /) -> tuple[Validator, ...]:
        """The validators of a section as consensus knows them, ascending by id."""
        assert isinstance(genesis, ValidatorsGenesis)
        return genesis_validators(genesis)

    def genesis_epoch(self, genesis: Record, /) -> int:
        """The number of the epoch that a section begins in."""
        assert isinstance(genesis, ValidatorsGenesis)
        return 0 if genesis.epoch is None else genesis.epoch.number

    def next_validators(self, state: StateReader, height: int, /) -> tuple[Validator, ...] | None:
        """The validators of the next epoch where the block of `height` on this state is the last of its epoch."""
        return epochs.next_validators(state, height)

    def is_punishable(self, state: StateReader, evidence: Evidence, /) -> bool:
        """Whether evidence that convicts somebody still counts."""
        try:
            self.court.check_is_punishable(state, evidence)
        except TransactionError:
            return False
        return True

    def check_evidence(self, state: StateReader, evidence: Evidence, /, *, chain_id: ChainId) -> None:
        """Check that evidence convicts somebody; raises `TransactionError`."""
        self.court.check(state, evidence, chain_id=chain_id)

    def init_genesis(self, context: Context, genesis: Record, /) -> None:
        """Write the initial state; raise `ValueError` naming the path."""
        assert isinstance(genesis, ValidatorsGenesis)
        init_genesis(context, genesis, accounts=self._accounts.keeper)

    def export_genesis(self, state: StateReader, /) -> ValidatorsGenesis:
        """The section that recreates this state."""
        return export_genesis(state)

    def begin_block(self, context: Context, /) -> None:
        """Count the block for its proposer and the rounds before it for theirs, and judge the evidence in it."""
        self.keeper.count_proposals(context)
        self.court.judge_block(context)

    def on_deadline(self, context: Context, item: bytes, /) -> None:
        """Pay a part of a bond back.

        The other deadline is the epoch's, due or on its way to its end: that there is a block is all that was wanted.
        """
        if item.startswith(RETURN_PREFIX):
            self.keeper.bonds.pay_back(context, item)

    def end_block(self, context: Context, /) -> None:
        """Move the epoch on."""
        epochs.end_block(context)
