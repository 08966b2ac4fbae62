"""What happens on a development network before anyone looks: members, delegations and three proposals.

All of it by ordinary transactions, each signed by whoever would send it, and with the shared clock moved ahead where
people would wait: one proposal is executed, one rejected, and one is being decided. Each step looks first whether the
chain has it already, so a seeding that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

from daonode.cli.network.development import DevelopmentClock
from daonode.cli.network.errors import TestnetError
from daonode.cli.network.people import FOUNDERS, MEMBERS, REGISTRAR, make_people
from daonode.cli.output import JsonObject
from daonode.client.answers import Answer, TransactionAnswer
from daonode.client.errors import NotFound
from daonode.client.rpc import RpcClient
from daonode.client.submission import submit, wait_for_commit
from daonode.client.transactions import TxOptions, make_call, plan, sign_body
from daonode.client.wallet import Wallet
from daonode.genesis.builder import COMMUNITY_TRACK, DEFAULT_DEPOSIT, NATIVE_ASSET, NATIVE_UNIT, TREASURY_TRACK
from daonode.ledger.paging import MAX_PAGE
from daonode.ledger.registry import Registry
from daonode.modules.governance.messages import Delegate, SubmitProposal, Vote
from daonode.modules.governance.types import Choice, ProposalId
from daonode.modules.identity.messages import RegisterMember
from daonode.modules.treasury.messages import ApproveSpend
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record
from daonode.primitives.ids import TxId
from daonode.primitives.json_form import Json, from_json
from daonode.primitives.units import Amount

GAS_LIMIT = 1_000_000
"""Enough for each of these, so that none has to be simulated."""
SEEDING_LANE = 15
"""Whoever uses these accounts at the same time uses the first lane, so neither takes the other's sequence."""
PHASE_SECONDS = 30.0
"""How long a proposal may take to reach a phase after the clock has moved."""
POLL_SECONDS = 0.05
MARGIN_MS = 1_000
OPEN = ("deposit", "prepare", "queued", "deciding", "confirming")
"""What a proposal is called until it is decided."""
DELEGATIONS = (("erin", "alice"), ("frank", "alice"), ("grace", "bob"), ("heidi", "erin"), ("ivan", "carol"))
"""From whom to whom on the treasury track; heidi's power goes through erin's hands, not on to alice."""


@dataclass(slots=True)
class Seeding:
    """One seeding of one chain, from its beginning or from where another has stopped."""

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
        if self._status(failed) in OPEN or self._status(passed) in OPEN:
            self.clock.warp(self.voting_ms + MARGIN_MS)
        self._wait_for(failed, "rejected")
        self._wait_for(passed, "timelocked", "executed")
        if self._status(passed) == "timelocked":
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
        sent: list[TxId] = []
        # All of them are registered by one transaction, so one tells for all.
        if not self._is_member(new[0]):
            sent.append(self._send(REGISTRAR, registrations))
        for source, target in DELEGATIONS:
            if not self._has_delegated(source):
                sent.append(self._send(source, [Delegate(track=TREASURY_TRACK, to=self._wallets[target].address)]))
        self._wait(sent)

    def _submit(self, *proposals: tuple[str, SubmitProposal]) -> list[ProposalId]:
        known = self._proposals()
        self._wait([self._send(name, [message]) for name, message in proposals if message.title not in known])
        known = self._proposals()
        return [known[message.title] for _, message in proposals]

    def _vote(self, proposal: ProposalId, choices: Mapping[str, Choice]) -> None:
        if self._status(proposal) not in OPEN:
            return
        missing = {name: choice for name, choice in choices.items() if not self._has_voted(proposal, name)}
        self._wait([self._send(name, [Vote(proposal=proposal, choice=choice)]) for name, choice in missing.items()])

    # What the chain has already.

    def _is_member(self, name: str) -> bool:
        return self._has("identity", "member", account=self._address(name))

    def _has_delegated(self, name: str) -> bool:
        arguments: JsonObject = {"account": self._address(name), "track": TREASURY_TRACK}
        return self.rpc.query("governance", "delegation", arguments)["delegate"] is not None

    def _has_voted(self, proposal: ProposalId, name: str) -> bool:
        return self._has("governance", "vote", proposal=f"0x{proposal.hex()}", voter=self._address(name))

    def _proposals(self) -> dict[str, ProposalId]:
        """The oldest proposal of each title; a development network has few when it is seeded."""
        page = Answer(self.rpc.proposals({"limit": MAX_PAGE}), place="dao_listProposals")
        return {item.text("title"): from_json(item.data["id"], ProposalId, "id") for item in page.items("items")}

    def _status(self, proposal: ProposalId) -> str:
        return str(self.rpc.proposal(f"0x{proposal.hex()}")["status"])

    def _has(self, module: str, query: str, **arguments: Json) -> bool:
        try:
            self.rpc.query(module, query, arguments)
        except NotFound:
            return False
        return True

    def _address(self, name: str) -> str:
        return encode_account(self._wallets[name].address)

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
            status = self._status(proposal)
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
