"""The treasury through executed proposals, in any order, against a model that remembers every payment."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from daonode.ledger.errors import TransactionError
from daonode.ledger.origins import origin_address
from daonode.modules.accounts.messages import Transfer
from daonode.modules.governance.errors import GovernanceError
from daonode.modules.governance.keys import EXECUTION
from daonode.modules.governance.types import Execution, ProposalId, SpendCap
from daonode.modules.treasury.errors import TreasuryError
from daonode.modules.treasury.events import OutflowLimitSet, SpendPaid
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.treasury.messages import ApproveSpend, Payout, SetOutflowLimit, VoidSpend
from daonode.modules.treasury.queries import SpendResult, SpendsArguments, SpendsResult
from daonode.modules.treasury.types import OutflowLimit, SpendId
from daonode.primitives.codec import Record
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.modules.governance.dao import ALICE, BOB, DAO, ERIN, FUNDED, FUNDS, ROOT, TOKENS, make_dao, sections

CAP = 900
LIMIT = GenesisLimit(asset=DAO, window=DurationMs(10_000), limit=Amount(1_000))
amounts = st.integers(1, 700)
delays = st.none() | st.integers(0, 20_000)


class TreasuryMachine(RuleBasedStateMachine):
    """The proposals' decisions are given here; that only they move funds is what governance's tests show."""

    @initialize(funds=st.sampled_from((FUNDED, 1_500)))
    def begin(self, funds: int) -> None:
        self.dao = make_dao(sections(limits=(LIMIT,)))
        if funds < FUNDED:
            spend = Transfer(destination=BOB, asset=DAO, amount=Amount(FUNDED - funds))
            self.dao.send(FUNDS, spend)  # As if the treasury had never had more.
        self.funds = funds
        self.given = 0
        self.proposals = 0
        self.limit = OutflowLimit(window=LIMIT.window, limit=LIMIT.limit)
        self.coming: tuple[int, OutflowLimit] | None = None
        self.payments: list[tuple[int, int]] = []
        self.ended: dict[int, str] = {}
        self.note(())

    def decide(self, *actions: Record, root: bool = False) -> None:
        """Run actions as those of a proposal that was approved."""
        self.proposals += 1
        track = ROOT if root else TOKENS
        caller = origin_address(track.origin)
        execution = Execution(
            proposal=ProposalId(self.proposals.to_bytes(32)),
            track=track.id,
            criticality=track.criticality,
            caller=caller,
            spend_caps=(SpendCap(asset=DAO, amount=Amount(CAP)),),
        )
        session = self.dao.chain.session(caller)
        try:
            with session.atomic():
                EXECUTION.set(session.state, None, execution)
                for action in actions:
                    session.run_call(self.dao.call(action), caller=caller, index=0)
        except TreasuryError:
            session.events.clear()
        EXECUTION.delete(self.dao.chain.overlay, None)
        self.note(self.dao.chain.take_events(session))

    def note(self, events: tuple[Record, ...]) -> None:
        """Check each payment as it happened against the limit then in force."""
        now_ms = self.dao.chain.time_ms
        if self.coming is not None and self.coming[0] <= now_ms:
            self.limit, self.coming = self.coming[1], None
        for event in events:
            if isinstance(event, SpendPaid):
                self.payments.append((now_ms, event.amount))
                window = [amount for paid_ms, amount in self.payments if paid_ms > now_ms - self.limit.window]
                assert sum(window) <= self.limit.limit
            if isinstance(event, OutflowLimitSet):
                new = OutflowLimit(window=event.window, limit=event.limit)
                if event.effective_at == now_ms:
                    assert new.limit <= self.limit.limit
                    assert new.window == self.limit.window
                    self.limit, self.coming = new, None
                else:
                    assert event.effective_at >= now_ms + max(new.window, self.limit.window)
                    self.coming = (event.effective_at, new)

    @rule(batch=st.lists(st.tuples(amounts, delays, delays), min_size=1, max_size=3))
    def approve(self, batch: list[tuple[int, int | None, int | None]]) -> None:
        now_ms = self.dao.chain.time_ms
        before = len(self.spends())
        actions = []
        for amount, start, end in batch:
            spend = ApproveSpend(asset=DAO, amount=Amount(amount), beneficiary=ERIN)
            starts = None if start is None else TimeMs(now_ms + start)
            ends = None if end is None else TimeMs((starts or now_ms) + end + 1)
            actions.append(replace(spend, valid_from=starts, expire_at=ends))
        self.decide(*actions)
        total = sum(amount for amount, _, _ in batch)
        assert len(self.spends()) - before in ((0, len(batch)) if total <= CAP else (0,))

    @rule(limit=st.integers(0, 2_000), window=st.sampled_from((5_000, 10_000, 10_000, 30_000)))
    def set_limit(self, limit: int, window: int) -> None:
        self.decide(SetOutflowLimit(asset=DAO, window=DurationMs(window), limit=Amount(limit)), root=True)

    @rule(number=st.integers(1, 12), root=st.booleans())
    def void(self, number: int, root: bool) -> None:
        self.decide(VoidSpend(spend=SpendId(number)), root=root)

    @rule(number=st.integers(1, 12))
    def payout(self, number: int) -> None:
        try:
            self.note(self.dao.send(ALICE, Payout(spend=SpendId(number))))
        except TreasuryError:
            return

    @rule(amount=st.integers(1, 200))
    def fund(self, amount: int) -> None:
        try:
            self.dao.send(BOB, Transfer(destination=FUNDS, asset=DAO, amount=Amount(amount)))
        except TransactionError:
            return
        self.given += amount

    @rule(message=st.sampled_from((ApproveSpend(asset=DAO, amount=Amount(1), beneficiary=ERIN),)))
    def a_transaction_has_no_authority(self, message: Record) -> None:
        for caller in (ALICE, FUNDS, origin_address("root")):
            try:
                self.dao.send(caller, message)
            except (TreasuryError, GovernanceError):
                continue
            raise AssertionError("a transaction moved the treasury")

    @rule(after_ms=st.sampled_from((1, 1_000, 2_500, 10_000, 40_000)))
    def next_block(self, after_ms: int) -> None:
        # Its deadlines run at the new time: what follows from a limit that is coming counts from there.
        if self.coming is not None and self.coming[0] <= self.dao.chain.time_ms + after_ms:
            self.limit, self.coming = self.coming[1], None
        self.note(self.dao.next_block(after_ms=after_ms))

    def spends(self) -> tuple[SpendResult, ...]:
        page = self.dao.chain.ask(self.dao.treasury, "spends", SpendsArguments(limit=100))
        assert isinstance(page, SpendsResult)
        return page.items

    @invariant()
    def every_payment_left_the_treasury_once_and_nothing_else_did(self) -> None:
        paid = sum(amount for _, amount in self.payments)
        assert self.dao.held(FUNDS) == self.funds + self.given - paid
        assert self.dao.held(ERIN) == paid

    @invariant()
    def an_end_is_an_end(self) -> None:
        for spend in self.spends():
            if spend.id in self.ended:
                assert spend.status == self.ended[spend.id]
            if spend.status in ("paid", "expired", "voided"):
                self.ended[spend.id] = spend.status

    @invariant()
    def the_modules_own_invariants_hold(self) -> None:
        broken = self.dao.chain.broken_invariants()
        assert {name: problem for name, problem in broken.items() if name.startswith("treasury")} == {}
        assert self.dao.chain.failed_deadlines == []


TestTreasury = TreasuryMachine.TestCase
TestTreasury.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
