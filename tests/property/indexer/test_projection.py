"""Whatever happens on a chain, its rows say after every block what the chain's own modules say.

Random blocks of every kind of message, executed by the real ledger. The rows are made from the blocks alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daonode.client.wallet import Wallet
from daonode.genesis.export import export_document
from daonode.modules.accounts.messages import Burn, IssueAsset, Mint, Transfer
from daonode.modules.governance import keys as governance
from daonode.modules.governance.messages import (
    CancelProposal,
    Delegate,
    Deposit,
    Execute,
    RemoveVote,
    SubmitProposal,
    Undelegate,
    Vote,
)
from daonode.modules.governance.types import Choice, ProposalId, Status, text_hash
from daonode.modules.identity.messages import LeaveMember, RegisterMember, RemoveMember, SetProfile
from daonode.modules.treasury import keys as treasury
from daonode.modules.treasury.messages import ApproveSpend, Payout, SetOutflowLimit, VoidSpend
from daonode.modules.treasury.types import OPEN, SpendId
from daonode.modules.validators.messages import EditValidator
from daonode.modules.validators.module import ValidatorsModule
from daonode.primitives.codec import Record
from daonode.primitives.ids import AssetId
from daonode.primitives.units import Amount, DurationMs, TimeMs
from daonode.stores.tables import EVENTS, MOVES, PROPOSALS, SPENDS
from tests.unit.client.small_chain import SmallChain
from tests.unit.indexer.comparing import check_rows, contents
from tests.unit.indexer.dao_chain import DAO, DAVE, ERIN, GOLD, PEOPLE, ROOT, TRACKS, DaoChain
from tests.unit.indexer.following import Follower

Drawn = tuple[int, int, int, int]
Block = tuple[list[Drawn], int, int]
numbers = st.integers(min_value=0, max_value=2**16)
Make = Callable[["Chooser"], Record]


@dataclass
class Chooser:
    """Turns a few numbers into choices among what there is on the chain."""

    dao: DaoChain
    a: int
    b: int
    c: int

    @property
    def person(self) -> Wallet:
        return PEOPLE[self.a % len(PEOPLE)]

    @property
    def other(self) -> Wallet:
        return PEOPLE[self.b % len(PEOPLE)]

    @property
    def proposal(self) -> ProposalId:
        """Mostly one of the newest, which are those that something can still happen to."""
        known = [reference.proposal for _, reference in governance.NUMBERS.iterate(self.dao.chain.tip)]
        return known[-1 - self.b % min(len(known), 4)] if known else ProposalId(bytes(32))

    @property
    def spend(self) -> SpendId:
        """One that is open, if there is one."""
        known = [number for number, spend in treasury.SPENDS.iterate(self.dao.chain.tip) if spend.status in OPEN]
        return known[self.c % len(known)] if known else SpendId(1)


def _spend(chooser: Chooser) -> Record:
    """Within the caps, but often above the outflow limit or what the treasury has."""
    now_ms = chooser.dao.chain.header.time_ms
    asset, amount = ((DAO, 700), (DAO, 2_500), (DAO, 4_900), (GOLD, 400), (GOLD, 450))[chooser.b % 5]
    return ApproveSpend(
        asset=asset,
        amount=Amount(amount),
        beneficiary=chooser.other.address,
        valid_from=(None, TimeMs(now_ms + 20_000), None)[chooser.a % 3],
        expire_at=(None, TimeMs(now_ms + 45_000))[chooser.c % 2],
    )


def _inner_submission(chooser: Chooser) -> Record:
    return SubmitProposal(
        track=TRACKS[chooser.c % 3].id,
        kind="standard",
        title=f"inner {chooser.a}",
        body="submitted by a proposal",
        actions=(chooser.dao.call(_spend(chooser)),),
        deposit=Amount(60),
    )


ANYWHERE: tuple[Make, ...] = (
    _spend,
    _spend,
    _spend,
    _inner_submission,
    lambda chooser: VoidSpend(spend=chooser.spend),
    _spend,
    lambda chooser: Transfer(destination=chooser.other.address, asset=DAO, amount=Amount(5)),
)
ON_THE_ROOT_TRACK: tuple[Make, ...] = (
    *ANYWHERE,
    lambda chooser: SetOutflowLimit(
        asset=DAO, window=DurationMs((5_000, 10_000)[chooser.a % 2]), limit=Amount((500, 6_000)[chooser.b % 2])
    ),
    lambda chooser: Mint(destination=chooser.other.address, asset=DAO, amount=Amount(77)),
    lambda chooser: IssueAsset(asset=AssetId(f"coin{chooser.a % 3}"), decimals=3, votes=False),
    lambda chooser: RegisterMember(account=chooser.other.address, name="by vote", role="elected"),
)


def _submission(chooser: Chooser) -> Record:
    track = TRACKS[chooser.b % 3]
    known = ON_THE_ROOT_TRACK if track is ROOT else ANYWHERE
    actions = tuple(
        chooser.dao.call(known[(chooser.a + place) % len(known)](chooser)) for place in range(chooser.c % 3)
    )
    return SubmitProposal(
        track=track.id,
        kind="standard",
        title=f"proposal {chooser.c}",
        body="It is *time*.",
        actions=actions,
        deposit=Amount((10, 60, 200)[chooser.a % 3]),
        enactment=(None, DurationMs(4_000))[chooser.c % 2],
    )


MESSAGES: tuple[Make, ...] = (
    _submission,
    _submission,
    lambda chooser: Vote(proposal=chooser.proposal, choice="yes"),
    lambda chooser: Vote(proposal=chooser.proposal, choice="yes", reason="because"),
    lambda chooser: Vote(proposal=chooser.proposal, choice=("no", "abstain")[chooser.c % 2]),
    lambda chooser: RemoveVote(proposal=chooser.proposal),
    lambda chooser: Delegate(track=TRACKS[chooser.c % 3].id, to=chooser.other.address),
    lambda chooser: Undelegate(track=TRACKS[chooser.c % 3].id),
    lambda chooser: Deposit(proposal=chooser.proposal, amount=Amount(45)),
    lambda chooser: Execute(proposal=chooser.proposal),
    lambda chooser: CancelProposal(proposal=chooser.proposal),
    lambda chooser: Transfer(destination=chooser.other.address, asset=(DAO, GOLD)[chooser.c % 2], amount=Amount(40)),
    lambda chooser: Burn(asset=(DAO, GOLD)[chooser.c % 2], amount=Amount(11)),
    lambda chooser: Payout(spend=chooser.spend),
    lambda chooser: SetProfile(about=f"I am {chooser.c}"),
    lambda chooser: LeaveMember(),
)
FROM_A_REGISTRAR: tuple[Make, ...] = (
    lambda chooser: RegisterMember(account=chooser.other.address, name=f"member {chooser.c}"),
    lambda chooser: RemoveMember(account=chooser.other.address),
)

messages = st.tuples(st.integers(min_value=0, max_value=len(MESSAGES) + 1), numbers, numbers, numbers)
blocks = st.tuples(
    st.lists(messages, max_size=6), st.sampled_from((1_000, 1_000, 2_000, 5_000, 11_000)), st.sampled_from((0, 0, 2))
)


def signed(dao: DaoChain, drawn: list[Drawn]) -> list[bytes | None]:
    """Transactions of what was drawn; None for what cannot be included."""
    raws = []
    for kind, *choices in drawn:
        chooser = Chooser(dao, *choices)
        if kind < len(MESSAGES):
            raws.append(dao.sign(chooser.person, MESSAGES[kind](chooser)))
        elif kind == len(MESSAGES):
            raws.append(dao.sign(DAVE, *(make(chooser) for make in FROM_A_REGISTRAR[chooser.c % 2 :][:1])))
        else:
            validator = dao.chain.validators.validators[chooser.b % 4].id
            edit = EditValidator(
                validator=validator, payout_account=ERIN.address, moniker=f"v{chooser.c}", node_key=None, address=""
            )
            raws.append(dao.sign(ERIN, edit))
    return raws


def busy_block(dao: DaoChain, random: Random) -> None:
    """A block on a chain where things get decided: a few messages of any kind, and often a campaign for a proposal."""
    drawn = [
        (random.randrange(len(MESSAGES) + 2), *(random.randrange(2**16) for _ in range(3)))
        for _ in range(random.randrange(6))
    ]
    if random.random() < 0.5:
        drawn.append((0, *(random.randrange(2**16) for _ in range(3))))
    raws = signed(dao, drawn)
    open_polls = [
        proposal.id
        for _, proposal in governance.PROPOSALS.iterate(dao.chain.tip)
        if proposal.phase == "deciding" and random.random() < 0.4
    ]
    for proposal in open_polls:
        choice: Choice = random.choice(("yes", "yes", "yes", "no"))
        raws += [dao.sign(person, Vote(proposal=proposal, choice=choice)) for person in PEOPLE if random.random() < 0.7]
    after_ms = random.choice((1_000, 1_000, 1_500, 2_000, 3_000))
    dao.commit(*raws, after_ms=after_ms, failed=random.choice((0, 0, 0, 2)))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(blocks, min_size=3, max_size=15))
def test_rows_say_what_the_modules_say(drawn: list[Block]) -> None:
    dao, follower = DaoChain(), Follower()
    for messages, after_ms, failed in drawn:
        dao.commit(*signed(dao, messages), after_ms=after_ms, failed=failed)
        follower.follow(dao.chain)
        check_rows(follower.store, dao.chain)


def test_so_they_do_on_busy_chains_and_any_way_of_following_gives_the_same() -> None:
    happened: Counter[str] = Counter()
    for seed in range(6):
        dao, live, random = DaoChain(), Follower(), Random(seed)
        for _ in range(80):
            busy_block(dao, random)
            live.follow(dao.chain)
            check_rows(live.store, dao.chain)
            happened.update(f"spend {row.status}" for row in live.store.page(SPENDS, order=SPENDS.key))
        found = contents(live.store)
        for row in live.store.page(PROPOSALS, order=("number",), limit=1_000):
            assert text_hash(title=row.title, body=row.body) == row.text_hash, "every text was found"
            happened["submitted by a proposal"] += row.title.startswith("inner")
        happened.update(row.type for row in live.store.page(EVENTS, order=EVENTS.key, limit=10**6))
        happened.update(row.after for row in live.store.page(MOVES, order=("height", "position"), limit=10**6))
        at_once, restarting = Follower(), Follower()
        at_once.follow(dao.chain)
        assert contents(at_once.store) == found
        while restarting.store.head() != live.store.head():
            restarting.restart()
            restarting.follow_once(dao.chain, batch=random.randrange(1, 6))
        assert contents(restarting.store) == found
    registry = DaoChain().chain.document.registry
    events = {name for name in registry.event_types if name.partition(".")[0] != "ledger"}
    wanted = events | set(get_args(Status)) | {"submitted by a proposal"}
    wanted |= {f"spend {status}" for status in ("approved", "deferred", "paid", "failed", "expired", "voided")}
    assert wanted - {name for name, count in happened.items() if count} == NOT_MADE


def test_a_chain_that_continues_another_one_begins_with_its_rows() -> None:
    for seed in range(3):
        random, dao = Random(seed), DaoChain()
        for _ in range(40):
            busy_block(dao, random)
        document = export_document(dao.chain.document, dao.chain.tip)
        going_on, follower = DaoChain(SmallChain(document), dict(dao.sequences)), Follower(document)
        check_rows(follower.store, going_on.chain)
        for _ in range(15):
            busy_block(going_on, random)
            follower.follow(going_on.chain)
            check_rows(follower.store, going_on.chain)


SET_CHANGES = {f"validators.{event.__name__}" for event in ValidatorsModule.events} - {"validators.ValidatorEdited"}
NOT_MADE = {
    "ready",
    "succeeded",
    "accounts.AccountCreated",
    "accounts.PolicySet",
    "accounts.AccountMarkedCustodial",
    *SET_CHANGES,
}
"""Statuses that no block ends with, because it meets its deadlines; what changes no row of a balance; and what changes
the set of validators, which stays the same on these chains."""
