"""A small DAO on real modules: accounts, members, governance and treasury, with deadlines met as a chain meets them."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from daonode.ledger.errors import TransactionError
from daonode.ledger.origins import module_address
from daonode.ledger.transactions import Call
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.accounts.messages import Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.governance.events import ProposalSubmitted
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.messages import Execute, SubmitProposal, Vote
from daonode.modules.governance.module import GovernanceModule
from daonode.modules.governance.queries import ProposalArguments, ProposalResult
from daonode.modules.governance.types import Choice, Curve, ProposalId, SpendCap, Track, TrackId
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.identity.module import IdentityModule
from daonode.modules.treasury.genesis import GenesisLimit, TreasuryGenesis
from daonode.modules.treasury.module import TreasuryModule
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, AssetId
from daonode.primitives.units import Amount, Bps, DurationMs
from tests.unit.modules.chain import Chain, address

DAO = AssetId("dao")
GOLD = AssetId("gold")
ALICE, BOB, CAROL, DAVE, ERIN = (address(name) for name in ("alice", "bob", "carol", "dave", "erin"))
REGISTRAR = address("registrar")
FUNDS = module_address("treasury")
BALANCES = {ALICE: 1_000, BOB: 2_000, CAROL: 3_000, DAVE: 4_000}
FUNDED = 100_000

TOKENS = Track(
    id=TrackId(1),
    name="spending",
    origin="treasury",
    criticality=1,
    weight_fn="token",
    electorate="all",
    max_deciding=2,
    submission_deposit=Amount(10),
    decision_deposit=Amount(50),
    prepare=DurationMs(10_000),
    decision=DurationMs(100_000),
    confirm=DurationMs(20_000),
    enactment=DurationMs(30_000),
    grace=DurationMs(60_000),
    approval=Curve(kind="constant", start=Bps(5_000), end=Bps(5_000)),
    support=Curve(kind="constant", start=Bps(0), end=Bps(0)),
    quorum=Bps(2_000),
    spend_caps=(SpendCap(asset=DAO, amount=Amount(10_000)), SpendCap(asset=GOLD, amount=Amount(500))),
)
MEMBERS = replace(
    TOKENS, id=TrackId(2), name="members", weight_fn="member", electorate="members", prepare=DurationMs(0)
)
ROOT = replace(TOKENS, id=TrackId(3), name="root", origin="root", criticality=9, prepare=DurationMs(0))
TRACKS = (TOKENS, MEMBERS, ROOT)


@dataclass
class Dao:
    """The modules and their chain."""

    chain: Chain
    accounts: AccountsModule
    identity: IdentityModule
    governance: GovernanceModule
    treasury: TreasuryModule
    sequence: int = 0

    def send(self, caller: Address, message: Record) -> tuple[Record, ...]:
        """Run one message; each has a sequence of its own, as it would have on a chain."""
        self.sequence += 1
        session = self.chain.session(caller, sequence=self.sequence)
        session.run_call(self.call(message), caller=caller, index=0)
        return self.chain.take_events(session)

    def call(self, message: Record) -> Call:
        """A message as a proposal's action."""
        name = self.chain.registry.message_name(type(message))
        assert name is not None
        return Call(type=name, body=encode(message))

    def next_block(self, *, after_ms: int = 1_000) -> tuple[Record, ...]:
        """End the block, begin the next, and meet what is due; returns the events of deadlines."""
        self.chain.next_block(after_ms=after_ms)
        return self.chain.meet_deadlines()

    def submit(
        self, *actions: Record, proposer: Address = ALICE, track: Track = TOKENS, deposit: int = 50, title: str = "Pay"
    ) -> ProposalId:
        """Submit a proposal with these messages as actions."""
        message = SubmitProposal(
            track=track.id,
            kind="standard",
            title=title,
            body="Because.",
            actions=tuple(self.call(action) for action in actions),
            deposit=Amount(deposit),
        )
        events = self.send(proposer, message)
        return next(event.proposal for event in events if isinstance(event, ProposalSubmitted))

    def vote(self, proposal: ProposalId, choice: Choice, *voters: Address) -> None:
        """Cast the same ballot for each voter."""
        for voter in voters:
            self.send(voter, Vote(proposal=proposal, choice=choice))

    def open_poll(
        self, *actions: Record, proposer: Address = ALICE, track: Track = TOKENS, title: str = "Pay"
    ) -> ProposalId:
        """Submit a proposal and wait until it is being decided."""
        self.next_block()
        proposal = self.submit(*actions, proposer=proposer, track=track, title=title)
        if track.prepare:
            self.next_block(after_ms=track.prepare)
        return proposal

    def approve(
        self, *actions: Record, track: Track = TOKENS, voters: Sequence[Address] = (BOB, CAROL, DAVE)
    ) -> ProposalId:
        """Have a proposal pass and its timelock run out, so that its actions were tried."""
        proposal = self.open_poll(*actions, track=track)
        self.vote(proposal, "yes", *voters)
        self.next_block(after_ms=track.decision)
        self.next_block(after_ms=track.enactment)
        return proposal

    def show(self, proposal: ProposalId) -> ProposalResult:
        """The proposal as a query shows it."""
        answer = self.chain.ask(self.governance, "proposal", ProposalArguments(proposal=proposal.hex()))
        assert isinstance(answer, ProposalResult)
        return answer

    def refusal(self, proposal: ProposalId) -> str:
        """In full what the actions of a proposal fail with, which only a transaction that tries them again tells."""
        try:
            self.send(ALICE, Execute(proposal=proposal))
        except TransactionError as error:
            return error.message
        raise AssertionError("the actions succeeded")

    def status(self, proposal: ProposalId) -> str:
        """Its status word."""
        return self.show(proposal).status

    def newcomer(self, name: str, *, amount: int = 100, source: Address = DAVE) -> Address:
        """An account that did not take part before, with coins of another's."""
        account = address(name)
        self.send(source, Transfer(destination=account, asset=DAO, amount=Amount(amount)))
        return account

    def held(self, account: Address, asset: AssetId = DAO) -> int:
        """A balance."""
        return self.accounts.keeper.balance(self.chain.overlay, account=account, asset=asset)


def people() -> tuple[GenesisAccount, ...]:
    """Accounts of the voters and of the treasury."""
    voters = tuple(
        GenesisAccount(address=account, balances=(GenesisBalance(asset=DAO, amount=Amount(amount)),))
        for account, amount in BALANCES.items()
    )
    funds = (
        GenesisBalance(asset=DAO, amount=Amount(FUNDED)),
        GenesisBalance(asset=GOLD, amount=Amount(1_000)),
    )
    return (*voters, GenesisAccount(address=FUNDS, balances=funds))


def sections(*, tracks: tuple[Track, ...] = TRACKS, limits: tuple[GenesisLimit, ...] = ()) -> dict[str, Record]:
    """The genesis sections of all modules."""
    return {
        "accounts": AccountsGenesis(
            assets=(
                GenesisAsset(id=DAO, decimals=0, native=True, votes=True),
                GenesisAsset(id=GOLD, decimals=0),
            ),
            accounts=people(),
        ),
        "identity": IdentityGenesis(
            registrars=(GenesisRegistrar(account=REGISTRAR),),
            members=tuple(
                GenesisMember(account=account, name=name)
                for name, account in (("alice", ALICE), ("bob", BOB), ("carol", CAROL))
            ),
        ),
        "governance": GovernanceGenesis(tracks=tracks),
        "treasury": TreasuryGenesis(outflow_limits=limits),
    }


def make_dao(genesis: dict[str, Record] | None = None, *, height: int = 0) -> Dao:
    """A DAO at its first block."""
    accounts, identity = AccountsModule(), IdentityModule()
    governance = GovernanceModule(accounts=accounts, identity=identity)
    treasury = TreasuryModule(accounts=accounts, governance=governance)
    chain = Chain([accounts, identity, governance, treasury], height=height)
    chain.genesis(sections() if genesis is None else genesis)
    return Dao(chain, accounts, identity, governance, treasury)
