"""Accounts as the authenticator of real blocks: signed transactions, a multisig, fees to proposer and treasury."""

from daonode.ledger.application import Application
from daonode.ledger.block import SUCCESS, BlockInfo, BlockResult
from daonode.ledger.origins import module_address
from daonode.ledger.params import PARAMS, LedgerParams
from daonode.ledger.registry import Registry
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.ledger.tree import OverlayReader, update
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset
from daonode.modules.accounts.messages import CreateAccount, Transfer
from daonode.modules.accounts.module import AccountsModule
from daonode.modules.accounts.policies import account_id, threshold_policy
from daonode.modules.accounts.types import KeyMember, KeyPolicy
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, PublicKey
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, Bps
from tests.unit.modules.accounts.setup import DAO, PAYOUT, Payouts, balances
from tests.unit.modules.chain import CHAIN_ID, PROPOSER, Chain

START_MS = 1_700_000_000_000
GAS_LIMIT = 100_000
TREASURY = module_address("treasury")
SEEDS = {name: name.encode().ljust(32, b".") for name in ("alice", "bob", "carol")}
KEYS: dict[str, PublicKey] = {name: public_key_of(seed) for name, seed in SEEDS.items()}
ALICE = account_id(KeyPolicy(KEYS["alice"]))
BOARD_POLICY = threshold_policy(2, *map(KeyMember, KEYS.values()))
BOARD = account_id(BOARD_POLICY)
FUNDS = 10_000_000


class Blocks:
    """A chain of executed blocks with the accounts module alone."""

    def __init__(self) -> None:
        self.module = AccountsModule()
        self.module.bind_payouts(Payouts())
        self.application = Application(chain_id=CHAIN_ID, registry=Registry([self.module]), authenticator=self.module)
        section = AccountsGenesis(
            assets=(GenesisAsset(id=DAO, decimals=6, native=True, votes=True),),
            accounts=(GenesisAccount(ALICE, balances(dao=FUNDS)), GenesisAccount(BOARD, balances(dao=FUNDS))),
            proposer_fee_bps=Bps(2_500),
        )
        first = Chain([self.module], time_ms=START_MS)
        PARAMS.set(first.overlay, None, LedgerParams())
        first.genesis({"accounts": section})
        writes = first.overlay.changes()
        tree = update(OverlayReader(None, {}), previous_version=None, version=0, changes=writes)
        genesis = BlockResult(writes, tree.nodes, tree.stale, (), tree.root, tree.root, None)
        empty = StateVersion(
            height=0, time_ms=START_MS, root=tree.root, state=EMPTY_STATE, nodes=OverlayReader(None, {})
        )
        self.version = empty.child(genesis, height=0, time_ms=START_MS)

    def commit(self, *transactions: bytes) -> BlockResult:
        height, time_ms = self.version.height + 1, self.version.time_ms + 1_000
        info = BlockInfo(CHAIN_ID, height, time_ms, PROPOSER)
        built = self.application.build(self.version, info, transactions)
        assert not built.skipped
        assert self.application.execute(self.version, info, built.payload) == built.result
        self.version = self.version.child(built.result, height=height, time_ms=time_ms)
        return built.result

    def held(self, account: Address) -> int:
        return self.module.keeper.balance(self.version, account=account, asset=DAO)


def signed(sender: Address, message: Record, *names: str, sequence: int = 0) -> bytes:
    body = encode(
        TxBody(
            version=1,
            chain_id=CHAIN_ID,
            sender=sender,
            lane=0,
            sequence=sequence,
            expires_at_ms=START_MS + 60_000,
            gas_limit=GAS_LIMIT,
            max_fee=FUNDS,
            messages=(Call(type=f"accounts.{type(message).__name__}", body=encode(message)),),
            memo="",
        )
    )
    signatures = [TxSignature(KEYS[name], sign(SEEDS[name], tx_id(body))) for name in names]
    ordered = tuple(sorted(signatures, key=lambda signature: signature.public_key))
    return encode(Transaction(body=body, signatures=ordered))


def test_a_multisig_is_registered_and_pays_in_blocks() -> None:
    blocks = Blocks()
    created = blocks.commit(signed(ALICE, CreateAccount(BOARD_POLICY), "alice")).receipts[0]
    payment = Transfer(destination=ALICE, asset=DAO, amount=Amount(1_000))
    paid = blocks.commit(signed(BOARD, payment, "bob", "carol")).receipts[0]
    assert created.code == paid.code == SUCCESS
    fees = created.fee + paid.fee
    assert blocks.held(BOARD) == FUNDS - 1_000 - paid.fee
    assert blocks.held(ALICE) == FUNDS + 1_000 - created.fee
    assert blocks.held(PAYOUT) == created.fee * 2_500 // 10_000 + paid.fee * 2_500 // 10_000
    assert blocks.held(PAYOUT) + blocks.held(TREASURY) == fees
    assert all(check(blocks.version) is None for check in blocks.module.invariants.values())


def test_a_multisig_that_too_few_signed_for_is_left_out_of_a_block() -> None:
    blocks = Blocks()
    blocks.commit(signed(ALICE, CreateAccount(BOARD_POLICY), "alice"))
    payment = Transfer(destination=ALICE, asset=DAO, amount=Amount(1_000))
    info = BlockInfo(CHAIN_ID, blocks.version.height + 1, blocks.version.time_ms + 1_000, PROPOSER)
    built = blocks.application.build(blocks.version, info, [signed(BOARD, payment, "bob")])
    assert [skipped.error.reason for skipped in built.skipped] == ["unauthorised"]
    assert not built.result.receipts
