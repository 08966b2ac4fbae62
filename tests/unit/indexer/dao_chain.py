"""A DAO's chain made in memory with real execution and certificates, and its blocks as a node gives them.

Periods are short and places few, so that a few blocks see every phase of a proposal and of a spend.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from daonode.client.answers import Blocks, EncodedBlock
from daonode.client.transactions import make_body, make_call, sign_body
from daonode.client.wallet import Wallet
from daonode.genesis.document import ChainDescription, GenesisDocument, make_document
from daonode.ledger.errors import TransactionError
from daonode.ledger.origins import module_address, origin_address
from daonode.ledger.registry import discover
from daonode.ledger.transactions import Call
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.governance.genesis import GovernanceGenesis
from daonode.modules.governance.params import DEFAULT_PARAMS
from daonode.modules.governance.types import Curve, SpendCap, Track, TrackId
from daonode.modules.identity.genesis import GenesisMember, GenesisRegistrar, IdentityGenesis
from daonode.modules.treasury.genesis import GenesisLimit, TreasuryGenesis
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import AssetId, ChainId
from daonode.primitives.signatures import public_key_of
from daonode.primitives.units import Amount, Bps, DurationMs, TimeMs
from daonode.replica.layout import Receipts
from tests.unit.client.small_chain import VALIDATOR_SEEDS, CommittedBlock, SmallChain

CHAIN_ID = ChainId("daonode:indexed")
GENESIS_TIME_MS = 1_700_000_000_000
DAO, GOLD = AssetId("dao"), AssetId("gold")
PEOPLE = tuple(Wallet.from_seed(name.ljust(32).encode()) for name in ("alice", "bob", "carol", "dave", "erin"))
ALICE, BOB, CAROL, DAVE, ERIN = PEOPLE
TREASURY = module_address("treasury")

SPENDING = Track(
    id=TrackId(1),
    name="spending",
    origin="treasury",
    criticality=1,
    weight_fn="token",
    electorate="all",
    max_deciding=2,
    submission_deposit=Amount(10),
    decision_deposit=Amount(50),
    prepare=DurationMs(2_000),
    decision=DurationMs(10_000),
    confirm=DurationMs(3_000),
    enactment=DurationMs(2_000),
    grace=DurationMs(6_000),
    approval=Curve(kind="linear", start=Bps(9_000), end=Bps(5_000)),
    support=Curve(kind="linear", start=Bps(3_000), end=Bps(500)),
    quorum=Bps(1_000),
    spend_caps=(SpendCap(asset=DAO, amount=Amount(5_000)), SpendCap(asset=GOLD, amount=Amount(500))),
)
MEMBERS = replace(
    SPENDING,
    id=TrackId(2),
    name="members",
    weight_fn="member",
    electorate="members",
    prepare=DurationMs(0),
    confirm=DurationMs(0),
    approval=Curve(kind="constant", start=Bps(5_000), end=Bps(5_000)),
    support=Curve(kind="constant", start=Bps(0), end=Bps(0)),
)
ROOT = replace(MEMBERS, id=TrackId(3), name="root", origin="root", criticality=9, electorate="all", weight_fn="token")
TRACKS = (SPENDING, MEMBERS, ROOT)


def make_dao_genesis(*, chain_id: ChainId = CHAIN_ID) -> GenesisDocument:
    """Five people with coins, three of them members, a funded treasury with a limit, and the root origin with coins."""
    coins = {person.address: 100_000 * (place + 1) for place, person in enumerate(PEOPLE)}
    coins |= {TREASURY: 20_000, origin_address("root"): 1_000, origin_address("treasury"): 1_000}
    sections: dict[str, Record] = {
        "accounts": AccountsGenesis(
            assets=(
                GenesisAsset(id=DAO, decimals=6, native=True, votes=True),
                GenesisAsset(id=GOLD, decimals=2, votes=False),
            ),
            accounts=tuple(
                GenesisAccount(
                    address=address,
                    balances=(
                        GenesisBalance(asset=DAO, amount=Amount(amount)),
                        GenesisBalance(asset=GOLD, amount=Amount(300)),
                    ),
                )
                for address, amount in coins.items()
            ),
        ),
        "governance": GovernanceGenesis(
            tracks=TRACKS,
            params=replace(DEFAULT_PARAMS, deposit_period=DurationMs(8_000), free_proposals=1, deposit_rise=Bps(500)),
        ),
        "identity": IdentityGenesis(
            registrars=(GenesisRegistrar(account=DAVE.address),),
            members=tuple(
                GenesisMember(account=person.address, name=f"member {place}") for place, person in enumerate(PEOPLE[:3])
            ),
        ),
        "treasury": TreasuryGenesis(
            outflow_limits=(GenesisLimit(asset=DAO, window=DurationMs(10_000), limit=Amount(3_000)),)
        ),
        "validators": ValidatorsGenesis(
            validators=tuple(
                GenesisValidator(
                    public_key=public_key_of(seed), power=1, payout_account=ERIN.address, moniker=f"validator {place}"
                )
                for place, seed in enumerate(VALIDATOR_SEEDS)
            )
        ),
    }
    chain = ChainDescription(chain_id=chain_id, genesis_time=TimeMs(GENESIS_TIME_MS))
    return make_document(chain, sections, discover(sections))


@dataclass
class DaoChain:
    """The chain, and the next sequence of everyone."""

    chain: SmallChain = field(default_factory=lambda: SmallChain(make_dao_genesis()))
    sequences: dict[bytes, int] = field(default_factory=dict)

    def call(self, message: Record) -> Call:
        """A message as an action."""
        return make_call(self.chain.document.registry, message)

    def sign(self, sender: Wallet, *messages: Record) -> bytes | None:
        """A signed transaction with the sender's next sequence; None where it cannot be included."""
        sequence = self.sequences.get(sender.address, 0)
        body = make_body(
            [self.call(message) for message in messages],
            chain_id=self.chain.chain_id,
            sender=sender.address,
            sequence=sequence,
            expires_at_ms=self.chain.header.time_ms + 3_600_000,
            gas_limit=2_000_000,
            max_fee=10_000,
        )
        raw = sign_body(body, [sender]).raw
        try:
            self.chain.application.check_account(
                self.chain.tip, self.chain.application.check(self.chain.tip, raw, self.chain.header.time_ms)
            )
        except TransactionError:
            return None
        self.sequences[sender.address] = sequence + 1
        return raw

    def commit(self, *raws: bytes | None, after_ms: int = 1_000, failed: int = 0) -> CommittedBlock:
        """The next block, after so many failed rounds."""
        ids = [each.id for each in self.chain.validators.validators]
        given = [raw for raw in raws if raw is not None]
        proposers = tuple(ids[place % len(ids)] for place in range(failed))
        return self.chain.commit(*given, after_ms=after_ms, rounds=failed + 1, failed=proposers)

    def send(self, sender: Wallet, *messages: Record, after_ms: int = 1_000) -> CommittedBlock:
        """A block of one transaction, which succeeds."""
        block = self.commit(self.sign(sender, *messages), after_ms=after_ms)
        assert block.receipts[0].code == 0, block.receipts[0].error
        return block

    def blocks(self, *, above: int = 0, limit: int = 1_000) -> Blocks:
        """What a node answers to `dao_getBlocks`."""
        return blocks_of(self.chain, above=above, limit=limit)


def blocks_of(chain: SmallChain, *, above: int = 0, limit: int = 1_000) -> Blocks:
    """The blocks of a chain, encoded, with the proof of the last."""
    found = [chain.blocks[height] for height in sorted(chain.blocks) if height > above][:limit]
    return Blocks(
        height=chain.header.height,
        blocks=tuple(
            EncodedBlock(
                header=encode(block.header), payload=block.payload, receipts=encode(Receipts(receipts=block.receipts))
            )
            for block in found
        ),
        proof=encode(found[-1].certificate) if found else None,
        descendants=(),
    )
