"""A chain of the modules accounts and validators, with epochs of four blocks, and what its people send."""

from __future__ import annotations

from daonode.consensus.evidence import SignedStatement
from daonode.consensus.statements import Statement, Vote, signing_bytes
from daonode.consensus.types import Validator
from daonode.ledger.origins import ROOT_ADDRESS
from daonode.modules.accounts.genesis import AccountsGenesis
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.modules.validators.keys import EPOCH, SETS
from daonode.modules.validators.messages import Approve, Candidate, ReportEvidence
from daonode.modules.validators.module import ValidatorsModule
from daonode.modules.validators.params import Params
from daonode.modules.validators.types import validator_id
from daonode.primitives.ids import Address, BlockId, ChainId, ValidatorId
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import DurationMs
from tests.unit.modules.accounts.setup import genesis as accounts_genesis
from tests.unit.modules.chain import CHAIN_ID, GENESIS_MS, Chain, address, key

EPOCH_BLOCKS = 4
SEEDS = {name: name.encode().ljust(32, b".") for name in ("north", "east", "south", "west")}
KEYS = {name: public_key_of(seed) for name, seed in SEEDS.items()}
IDS = {name: validator_id(public_key) for name, public_key in KEYS.items()}
PARAMS = Params(
    epoch_blocks=EPOCH_BLOCKS,
    evidence_period=DurationMs(30_000),
    equivocation_jail=DurationMs(10_000),
    absence_turns=2,
    absence_window=DurationMs(1_000),
    absence_jail=DurationMs(5_000),
)


def payout(name: str) -> Address:
    return address(f"{name} payout")


class Dao:
    """The modules accounts and validators on a chain that begins with these sections, such as an export."""

    def __init__(
        self, accounts: AccountsGenesis, validators: ValidatorsGenesis, *, height: int = 0, time_ms: int = GENESIS_MS
    ) -> None:
        self.accounts = AccountsModule()
        self.module = ValidatorsModule(accounts=self.accounts)
        self.chain = Chain([self.accounts, self.module], height=height, time_ms=time_ms)
        self.chain.genesis({"accounts": accounts, "validators": validators})

    @property
    def epoch(self) -> int:
        return EPOCH.require(self.chain.overlay, None).number

    @property
    def members(self) -> dict[ValidatorId, Validator]:
        return {each.id: each for each in SETS.require(self.chain.overlay, self.epoch).validators}

    def next_epoch(self) -> None:
        """Go on until the next epoch has begun."""
        before = self.epoch
        while self.epoch == before:
            self.chain.next_block()
            assert not self.chain.broken_invariants()

    def approve(self, name: str, *, power: int = 1) -> None:
        message = Approve(public_key=KEYS[name], power=power, payout_account=payout(name), moniker=name)
        self.chain.send(ROOT_ADDRESS, message)

    def stand(self, name: str) -> None:
        self.chain.send(payout(name), Candidate(validator=IDS[name], node_key=key(f"{name} node"), address=""))


def begin(*names: str, params: Params = PARAMS) -> Dao:
    """A chain with these validators, each of power 1, and epochs of four blocks."""
    section = ValidatorsGenesis(
        validators=tuple(
            GenesisValidator(public_key=KEYS[name], power=1, payout_account=payout(name), moniker=name)
            for name in names
        ),
        params=params,
    )
    return Dao(accounts_genesis(), section)


def names(dao: Dao) -> set[str]:
    return {name for name, each in IDS.items() if each in dao.members}


def signed(name: str, statement: Statement) -> SignedStatement:
    return SignedStatement(statement=statement, signature=sign(SEEDS[name], signing_bytes(statement)))


def vote(round_: int, block: int, *, epoch: int = 0, chain_id: ChainId = CHAIN_ID) -> Vote:
    return Vote(chain_id=chain_id, epoch=epoch, round=round_, block_id=BlockId(bytes([block]) * 32), qc_round=1)


def evidence(name: str, first: Statement, second: Statement, *, signer: str | None = None) -> ReportEvidence:
    return ReportEvidence(
        validator=IDS[name], first=signed(signer or name, first), second=signed(signer or name, second)
    )
