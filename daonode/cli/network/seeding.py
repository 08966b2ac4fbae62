"""What happens on a development network before anyone looks: members, delegations and three proposals.

All of it by ordinary transactions, each signed by whoever would send it, and with the shared clock moved ahead where
people would wait: one proposal is executed, one rejected, and one is being decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

from daonode.cli.network.development import DevelopmentClock
from daonode.cli.network.errors import TestnetError
from daonode.cli.network.people import FOUNDERS, MEMBERS, REGISTRAR, make_people
from daonode.client.answers import TransactionAnswer
from daonode.client.rpc import RpcClient
from daonode.client.submission import submit, wait_for_commit
from daonode.client.transactions import TxOptions, make_call, plan, sign_body
from daonode.client.wallet import Wallet
from daonode.genesis.builder import COMMUNITY_TRACK, DEFAULT_DEPOSIT, NATIVE_ASSET, NATIVE_UNIT, TREASURY_TRACK
from daonode.ledger.registry import Registry
from daonode.modules.governance.messages import Delegate, SubmitProposal, Vote
from daonode.modules.governance.types import Choice, ProposalId
from daonode.modules.identity.messages import RegisterMember
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.codec import Record
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import from_json
from daonode.primitives.units import Amount

GAS_LIMIT = 1_000_000
"""Enough for each of these, so that none has to be simulated."""
SEEDING_LANE = 15
"""Whoever uses these accounts at the same time uses the first lane, so neither takes the other's sequence."""
PHASE_SECONDS = 30.0
"""How long a proposal may take to reach a phase after the clock has moved."""
POLL_SECONDS = 0.05
MARGIN_MS = 1_000
DELEGATIONS = (("erin", "alice"), ("frank", "alice"), ("grace", "bob"), ("heidi", "erin"), ("ivan", "carol"))
"""From whom to whom on the treasury track; heidi's power goes through erin's hands, not on to alice."""


@dataclass(slots=True)
class Seeding:
    """One seeding of one chain that nothing has happened on."""

    rpc: RpcClient
    registry: Registry
    clock: DevelopmentClock
    voting_ms: int
    timelock_ms: int
    seed: str
    _wallets: Mapping[str, Wallet] = field(init=False)

    def __post_init__(self) -> None:
        self._wallets = {person.name: person.wallet for person in make_people(self.seed)}

    def run(self) -> None:
        """Do it all.

        Raises:
            ClientError: as `plan` and `wait_for_commit`.
            TestnetError: a proposal did not become what it should.
        """
        self._register_and_delegate()
        passed, failed = self._submit(
            ("alice", self._payment("Pay dave for the website", to="dave", amount=25_000)),
            ("bob", self._payment("Buy a statue of bob", to="bob", amount=2_000_000)),
        )
        self._vote(passed, {"alice": "yes", "bob": "yes", "carol": "abstain", "judy": "yes"})
        self._vote(failed, {"alice": "no", "carol": "no", "dave": "no", "bob": "yes"})
        self.clock.warp(self.voting_ms + MARGIN_MS)
        self._wait_for(failed, "rejected")
        self._wait_for(passed, "timelocked", "executed")
        self.clock.warp(self.timelock_ms + MARGIN_MS)
        self._wait_for(passed, "executed")
        (still_open,) = self._submit(("carol", _statement()))
        self._vote(still_open, {"alice": "yes", "karl": "yes", "dave": "no"})

    def _payment(self, title: str, *, to: str, amount: int) -> SubmitProposal:
        """A proposal that pays whole native coins."""
        beneficiary = self._wallets[to].address
        spend = ApproveSpend(asset=NATIVE_ASSET, amount=Amount(amount * NATIVE_UNIT), beneficiary=beneficiary)
        return SubmitProposal(
            track=TREASURY_TRACK,
            kind="standard",
            title=title,
            body=f"Pay {amount} {NATIVE_ASSET} from the treasury.",
            actions=(make_call(self.registry, spend),),
            deposit=DEFAULT_DEPOSIT,
        )

    def _register_and_delegate(self) -> None:
        new = [name for name in MEMBERS if name not in FOUNDERS]
        registrations = [RegisterMember(account=self._wallets[name].address, name=name) for name in new]
        sent = [self._send(REGISTRAR, registrations)]
        for source, target in DELEGATIONS:
            sent.append(self._send(source, [Delegate(track=TREASURY_TRACK, to=self._wallets[target].address)]))
        self._wait(sent)

    def _submit(self, *proposals: tuple[str, SubmitProposal]) -> list[ProposalId]:
        answers = self._wait([self._send(name, [message]) for name, message in proposals])
        ids: list[ProposalId] = []
        for answer in answers:
            event = None if answer.receipt is None else answer.receipt.event("governance.ProposalSubmitted")
            assert event is not None, "a committed submission tells the proposal's id"
            ids.append(from_json(event.value["proposal"], ProposalId, "proposal"))
        return ids

    def _vote(self, proposal: ProposalId, choices: Mapping[str, Choice]) -> None:
        self._wait([self._send(name, [Vote(proposal=proposal, choice=choice)]) for name, choice in choices.items()])

    def _send(self, name: str, messages: Sequence[Record]) -> TxId:
        wallet = self._wallets[name]
        calls = [make_call(self.registry, message) for message in messages]
        options = TxOptions(lane=SEEDING_LANE, gas_limit=GAS_LIMIT)
        body = plan(self.rpc, calls, sender=wallet.address, signers=(wallet.public_key,), options=options)
        return submit(self.rpc, sign_body(body, (wallet,)))

    def _wait(self, sent: Sequence[TxId]) -> list[TransactionAnswer]:
        return [wait_for_commit(self.rpc, tx_id) for tx_id in sent]

    def _wait_for(self, proposal: ProposalId, *statuses: str) -> None:
        deadline_s = monotonic() + PHASE_SECONDS
        while True:
            status = str(self.rpc.proposal(f"0x{proposal.hex()}")["status"])
            if status in statuses:
                return
            if monotonic() > deadline_s:
                raise TestnetError(f"a seeded proposal is {status}, expected {' or '.join(statuses)}")
            Event().wait(POLL_SECONDS)


def _statement() -> SubmitProposal:
    return SubmitProposal(
        track=COMMUNITY_TRACK,
        kind="standard",
        title="Meet in person once a year",
        body="One member, one vote: shall we?",
        actions=(),
        deposit=DEFAULT_DEPOSIT,
    )
