"""The chain behind the wallet vectors: people with fixed words, and blocks of transactions that it really executed.

Everything follows from constants, so the same code always gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from daonode.client.transactions import SignedTransaction, assemble, make_body, make_call
from daonode.client.wallet import Wallet
from daonode.genesis.builder import NATIVE_ASSET, NATIVE_UNIT, TREASURY_TRACK, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, GenesisDocument
from daonode.ledger.transactions import TxBody
from daonode.modules.accounts.genesis import GenesisBalance
from daonode.modules.accounts.messages import CreateAccount, Transfer
from daonode.modules.accounts.policies import account_id, threshold_policy
from daonode.modules.accounts.types import KeyMember
from daonode.modules.governance.messages import Delegate, SubmitProposal, Vote
from daonode.modules.governance.types import ProposalIdentity, proposal_id
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.identity.messages import RegisterMember
from daonode.modules.treasury.messages import ApproveSpend
from daonode.modules.validators.genesis import GenesisValidator
from daonode.primitives.codec import Record, encode
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import Address, ChainId
from daonode.primitives.signatures import public_key_of
from daonode.primitives.units import Amount, DurationMs, TimeMs
from tests.unit.client.small_chain import SmallChain

CHAIN_ID = ChainId("daonode:vectors")
GENESIS_TIME_MS = 1_799_999_000_000
EXPIRES_AT_MS = 1_800_000_000_000
GAS_LIMIT = 100_000
MAX_FEE = 1_000
SHORT_WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
LONG_WORDS = (
    "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful "
    "legal winner thank year wave sausage worth title"
)
ALICE, BOB, CAROL, REGISTRAR = (Wallet.from_words(SHORT_WORDS, coin_type=1, account=index) for index in range(4))
ERIN = Wallet.from_words(LONG_WORDS, coin_type=1)
VALIDATOR_SEEDS = tuple(sha256(b"wallet vectors, validator %d" % index) for index in range(4))
SHARED_POLICY = threshold_policy(2, *(KeyMember(public_key=each.public_key) for each in (ALICE, BOB, CAROL)))
SHARED = account_id(SHARED_POLICY)


@dataclass(frozen=True)
class Sent:
    """A transaction of the vectors: its name, what was signed, by whom, and the bytes that were sent."""

    name: str
    body: TxBody
    messages: tuple[Record, ...]
    signers: tuple[Wallet, ...]
    signed: SignedTransaction

    @property
    def encoded_body(self) -> bytes:
        return encode(self.body)


@dataclass
class Sequences:
    """The next sequence of each account's lane."""

    used: dict[tuple[Address, int], int] = field(default_factory=dict)

    def next(self, sender: Address, lane: int) -> int:
        sequence = self.used.get((sender, lane), 0)
        self.used[sender, lane] = sequence + 1
        return sequence


def make_genesis() -> GenesisDocument:
    """Four validators of unequal power, four people in funds, a registrar and a treasury."""
    balance = Amount(1_000 * NATIVE_UNIT)
    return build_document(
        ChainPlan(
            chain=ChainDescription(chain_id=CHAIN_ID, genesis_time=TimeMs(GENESIS_TIME_MS)),
            validators=tuple(
                GenesisValidator(
                    public_key=public_key_of(seed),
                    power=10 + index,
                    payout_account=BOB.address,
                    moniker=f"validator {index}",
                )
                for index, seed in enumerate(VALIDATOR_SEEDS)
            ),
            balances={each.address: balance for each in (ALICE, BOB, CAROL, REGISTRAR)},
            members=(GenesisMember(account=ALICE.address, name="alice"),),
            registrars=(REGISTRAR.address,),
            treasury=(GenesisBalance(asset=NATIVE_ASSET, amount=Amount(10_000 * NATIVE_UNIT)),),
            periods=Periods.short(voting=DurationMs(3_600_000), timelock=DurationMs(600_000)),
        )
    )


def sign(
    name: str,
    messages: Sequence[Record],
    *,
    chain: SmallChain,
    sequence: int,
    signers: Sequence[Wallet],
    sender: Address | None = None,
    lane: int = 0,
    memo: str = "",
    max_fee: int = MAX_FEE,
) -> Sent:
    """Sign messages as the sender, which is the first signer's account unless given."""
    body = make_body(
        [make_call(chain.document.registry, message) for message in messages],
        chain_id=CHAIN_ID,
        sender=signers[0].address if sender is None else sender,
        sequence=sequence,
        expires_at_ms=EXPIRES_AT_MS,
        gas_limit=GAS_LIMIT,
        max_fee=max_fee,
        lane=lane,
        memo=memo,
    )
    encoded = encode(body)
    signed = assemble(encoded, [wallet.sign_transaction(encoded) for wallet in signers])
    return Sent(name, body, tuple(messages), tuple(signers), signed)


def transfer(destination: Address, amount: int) -> Transfer:
    """A transfer of the native asset."""
    return Transfer(destination=destination, asset=NATIVE_ASSET, amount=Amount(amount))


@dataclass
class VectorChain:
    """The chain after its three blocks, and the transactions of each."""

    chain: SmallChain = field(default_factory=lambda: SmallChain(make_genesis(), seeds=VALIDATOR_SEEDS))
    sequences: Sequences = field(default_factory=Sequences)
    blocks: list[list[Sent]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._commit(self._first_block())
        self._commit(self._second_block())
        self._commit(self._third_block())

    @property
    def sent(self) -> list[Sent]:
        """All transactions in the order of the chain."""
        return [each for block in self.blocks for each in block]

    @property
    def proposal(self) -> bytes:
        """The id of the proposal that the second block submits."""
        submitted = next(each for each in self.sent if each.name == "submit a proposal").body
        return proposal_id(
            ProposalIdentity(
                chain_id=CHAIN_ID,
                sender=submitted.sender,
                lane=submitted.lane,
                sequence=submitted.sequence,
                message_index=0,
            )
        )

    def send(
        self,
        name: str,
        *messages: Record,
        signers: Sequence[Wallet],
        sender: Address | None = None,
        lane: int = 0,
        memo: str = "",
        max_fee: int = MAX_FEE,
    ) -> Sent:
        """Sign messages with the sender's next sequence of the lane."""
        account = signers[0].address if sender is None else sender
        sequence = self.sequences.next(account, lane)
        return sign(
            name, messages, chain=self.chain, sequence=sequence, signers=signers, sender=account, lane=lane,
            memo=memo, max_fee=max_fee,
        )  # fmt: skip

    def _commit(self, transactions: list[Sent]) -> None:
        block = self.chain.commit(*(each.signed.raw for each in transactions))
        failed = [receipt for receipt in block.receipts if receipt.code]
        assert not failed, failed
        self.blocks.append(transactions)

    def _first_block(self) -> list[Sent]:
        member = RegisterMember(account=ERIN.address, name="erin", role="auditor")
        return [
            self.send("transfer", transfer(ERIN.address, 1_000_000), signers=[ALICE]),
            self.send(
                "transfer in the last lane with a memo",
                transfer(BOB.address, 1),
                signers=[CAROL],
                lane=15,
                memo="\u00e9lan \u2713",
                max_fee=2**64 - 1,
            ),
            self.send("delegate", Delegate(track=TREASURY_TRACK, to=ALICE.address), signers=[BOB], lane=1),
            self.send("register a member", member, signers=[REGISTRAR]),
        ]

    def _second_block(self) -> list[Sent]:
        spend = ApproveSpend(asset=NATIVE_ASSET, amount=Amount(25 * NATIVE_UNIT), beneficiary=ERIN.address)
        proposal = SubmitProposal(
            track=TREASURY_TRACK,
            kind="standard",
            title="Pay the auditor",
            body="For the audit of spring.\n",
            actions=(make_call(self.chain.document.registry, spend),),
            deposit=Amount(10 * NATIVE_UNIT),
        )
        return [
            self.send("submit a proposal", proposal, signers=[ALICE]),
            self.send("create a shared account", CreateAccount(policy=SHARED_POLICY), signers=[CAROL]),
            self.send("fund the shared account", transfer(SHARED, 500_000), signers=[ALICE]),
        ]

    def _third_block(self) -> list[Sent]:
        proposal = self.proposal
        return [
            self.send(
                "vote yes", Vote(proposal=proposal, choice="yes", reason="She found the leak."), signers=[CAROL], lane=3
            ),
            self.send("vote no", Vote(proposal=proposal, choice="no"), signers=[ERIN]),
            self.send(
                "two of three spend from the shared account",
                transfer(BOB.address, 70_000),
                signers=[ALICE, CAROL],
                sender=SHARED,
            ),
            self.send(
                "two messages at once",
                transfer(CAROL.address, 2),
                Delegate(track=TREASURY_TRACK, to=CAROL.address),
                signers=[REGISTRAR],
            ),
        ]
