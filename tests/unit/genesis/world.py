"""A whole chain of all modules, from a plan, on which named people send messages."""

from daonode.genesis.builder import NATIVE_ASSET, NATIVE_UNIT, ChainPlan, Periods, build_document
from daonode.genesis.document import ChainDescription, load_document
from daonode.genesis.export import export_document
from daonode.genesis.initial import make_application, make_initial_state
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.session import NO_TRANSACTION
from daonode.ledger.state import EMPTY_STATE
from daonode.ledger.transactions import Call, Transaction, TxBody, TxSignature, tx_id
from daonode.ledger.tree import OverlayReader
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts.genesis import GenesisAsset, GenesisBalance
from daonode.modules.accounts.policies import account_id
from daonode.modules.accounts.types import KeyPolicy
from daonode.modules.identity.genesis import GenesisMember
from daonode.modules.treasury.genesis import GenesisLimit
from daonode.modules.validators.genesis import GenesisValidator
from daonode.modules.validators.types import validator_id
from daonode.primitives.addresses import encode_account
from daonode.primitives.codec import Record, encode
from daonode.primitives.ids import Address, AssetId, ChainId, PublicKey
from daonode.primitives.json_form import Json
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, DurationMs, TimeMs

CHAIN = ChainId("daonode:builder")
START_MS = 1_700_000_000_000
NAMES = ("alice", "bob", "carol")
SEEDS = {name: name.encode().ljust(32, b".") for name in NAMES}
CONSENSUS_KEYS = tuple(PublicKey(bytes([index]) * 32) for index in range(1, 5))


def address(name: str) -> Address:
    """The account of a name."""
    return account_id(KeyPolicy(public_key_of(SEEDS[name])))


def plan() -> ChainPlan:
    """Four validators, three members in funds, a treasury of two assets, a vote of six seconds."""
    return ChainPlan(
        chain=ChainDescription(chain_id=CHAIN, genesis_time=TimeMs(START_MS)),
        validators=tuple(
            GenesisValidator(public_key=key, power=1, payout_account=address("carol"), moniker=f"node{index}")
            for index, key in enumerate(CONSENSUS_KEYS)
        ),
        balances={address(name): Amount(1_000 * NATIVE_UNIT) for name in NAMES},
        members=tuple(GenesisMember(account=address(name), name=name) for name in NAMES),
        registrars=(address("alice"),),
        treasury=(
            GenesisBalance(asset=NATIVE_ASSET, amount=Amount(10_000 * NATIVE_UNIT)),
            GenesisBalance(asset=AssetId("usd"), amount=Amount(5_000)),
        ),
        other_assets=(GenesisAsset(id=AssetId("usd"), decimals=2),),
        outflow_limits=(GenesisLimit(asset="usd", window=DurationMs(86_400_000), limit=Amount(1_000)),),
        periods=Periods.short(voting=DurationMs(6_000), timelock=DurationMs(1_000)),
    )


class World:
    """The chain of the plan."""

    def __init__(self) -> None:
        self.document = build_document(plan())
        self.application = make_application(self.document.chain, self.document.registry)
        initial = make_initial_state(self.document)
        nothing = StateVersion(
            height=0,
            time_ms=START_MS,
            root=initial.header.state_root,
            state=EMPTY_STATE,
            nodes=OverlayReader(None, {}),
        )
        self.version = nothing.child(initial.result, height=0, time_ms=START_MS)

    def call(self, message: Record) -> Call:
        """The call that carries a message."""
        name = self.document.registry.message_name(type(message))
        assert name is not None
        return Call(type=name, body=encode(message))

    def sequence(self, name: str) -> int:
        """The next sequence of somebody's first lane."""
        return self.document.registry.authenticator.next_sequence(self.version, sender=address(name), lane=0)

    def execute(self, *sent: tuple[str, tuple[Call, ...]], after_ms: int = 1_000) -> BlockResult:
        """Execute a block with a transaction for each sender's calls, those that can be; check every invariant then."""
        time_ms = self.version.time_ms + after_ms
        pending = dict.fromkeys(NAMES, 0)
        raws = []
        for name, calls in sent:
            raws.append(_sign(name, calls, sequence=self.sequence(name) + pending[name], time_ms=time_ms))
            pending[name] += 1
        proposer = validator_id(CONSENSUS_KEYS[self.version.height % 4])
        info = BlockInfo(CHAIN, self.version.height + 1, time_ms, proposer)
        built = self.application.build(self.version, info, raws)
        self.version = self.version.child(built.result, height=info.height, time_ms=time_ms)
        for module in self.document.registry.modules:
            for name, invariant in module.invariants.items():
                assert invariant(self.version) is None, name
        return built.result

    def run(self, *sent: tuple[str, Record], after_ms: int = 1_000) -> list[int]:
        """Execute a block with a transaction for each message; returns their codes."""
        result = self.execute(*((name, (self.call(message),)) for name, message in sent), after_ms=after_ms)
        codes = [receipt.code for receipt in result.receipts if receipt.tx_id != NO_TRANSACTION]
        assert len(codes) == len(sent), "a transaction could not be included"
        return codes

    def reads(self, module: str, name: str, **arguments: Json) -> dict[str, Json]:
        """The answer to a query."""
        answer = self.application.query(self.version, module=module, name=name, arguments=arguments)
        assert isinstance(answer, dict)
        return answer

    def native_balance(self, account: Address) -> int:
        """What an account holds of the native asset."""
        return int(str(self.reads("accounts", "balance", account=encode_account(account))["amount"]))

    def assert_survives_export(self) -> None:
        """Exported through a file and imported, the state has the same root."""
        exported = load_document(export_document(self.document, self.version).to_bytes())
        assert make_initial_state(exported).header.state_root == self.version.root


def _sign(name: str, calls: tuple[Call, ...], *, sequence: int, time_ms: int) -> bytes:
    body = encode(
        TxBody(
            version=1,
            chain_id=CHAIN,
            sender=address(name),
            lane=0,
            sequence=sequence,
            expires_at_ms=time_ms + 10_000,
            gas_limit=500_000,
            max_fee=NATIVE_UNIT,
            messages=calls,
            memo="",
        )
    )
    signature = TxSignature(public_key_of(SEEDS[name]), sign(SEEDS[name], tx_id(body)))
    return encode(Transaction(body=body, signatures=(signature,)))
