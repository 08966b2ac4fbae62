"""A chain of accounts and validators with real blocks, state and certificates, made one block at a time in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daonode.client.wallet import Wallet
from daonode.consensus.certificates import commit_certificate, genesis_certificate, quorum_certificate
from daonode.consensus.statements import Commit, Vote, signing_bytes
from daonode.consensus.types import EMPTY_DIGEST, CommitCertificate, Header, QuorumCertificate, payload_digest
from daonode.genesis.document import ChainDescription, GenesisDocument, make_document
from daonode.genesis.initial import make_application, make_initial_state
from daonode.ledger.block import BlockInfo, Receipt
from daonode.ledger.registry import discover
from daonode.ledger.versions import StateVersion
from daonode.modules.accounts.genesis import AccountsGenesis, GenesisAccount, GenesisAsset, GenesisBalance
from daonode.modules.validators.genesis import GenesisValidator, ValidatorsGenesis
from daonode.primitives.hashing import sha256
from daonode.primitives.ids import AssetId, ChainId, Signature, TxId, ValidatorId
from daonode.primitives.signatures import public_key_of, sign
from daonode.primitives.units import Amount, TimeMs

CHAIN_ID = ChainId("daonode:client-test")
GENESIS_TIME_MS = 1_700_000_000_000
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
ALICE = Wallet.from_words(WORDS, coin_type=1, account=0)
BOB = Wallet.from_words(WORDS, coin_type=1, account=1)
CAROL = Wallet.from_words(WORDS, coin_type=1, account=2)
NATIVE = AssetId("dao")
VALIDATOR_SEEDS = tuple(sha256(b"validator %d" % index) for index in range(4))


def make_genesis(*, chain_id: ChainId = CHAIN_ID, seeds: tuple[bytes, ...] = VALIDATOR_SEEDS) -> GenesisDocument:
    """Four validators, and Alice and Bob with a million each."""
    balance = GenesisBalance(asset=NATIVE, amount=Amount(1_000_000))
    accounts = AccountsGenesis(
        assets=(GenesisAsset(id=NATIVE, decimals=6, native=True, votes=True),),
        accounts=tuple(GenesisAccount(address=wallet.address, balances=(balance,)) for wallet in (ALICE, BOB)),
    )
    validators = ValidatorsGenesis(
        validators=tuple(
            GenesisValidator(
                public_key=public_key_of(seed), power=1, payout_account=CAROL.address, moniker=f"validator {index}"
            )
            for index, seed in enumerate(seeds)
        )
    )
    chain = ChainDescription(chain_id=chain_id, genesis_time=TimeMs(GENESIS_TIME_MS))
    sections = {"accounts": accounts, "validators": validators}
    return make_document(chain, sections, discover(sections))


@dataclass
class Memory:
    """Flat state and tree nodes."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    nodes: dict[bytes, bytes] = field(default_factory=dict)

    def get(self, key: bytes, /) -> bytes | None:
        return self.values.get(key)

    def iterate(self, start: bytes, end: bytes, /) -> Iterator[tuple[bytes, bytes]]:
        return iter([(key, self.values[key]) for key in sorted(self.values) if start <= key < end])

    def get_node(self, node_key: bytes, /) -> bytes | None:
        return self.nodes.get(node_key)


@dataclass(frozen=True)
class CommittedBlock:
    """A header, its receipts, the certificate that makes it final, and its payload."""

    header: Header
    receipts: tuple[Receipt, ...]
    certificate: CommitCertificate
    payload: bytes


class SmallChain:
    """One chain; `commit` makes the next block of the transactions given."""

    def __init__(self, document: GenesisDocument | None = None, *, seeds: tuple[bytes, ...] = VALIDATOR_SEEDS) -> None:
        self.document = make_genesis() if document is None else document
        self.application = make_application(self.document.chain, self.document.registry)
        self.initial = make_initial_state(self.document)
        self.seeds = {public_key_of(seed): seed for seed in seeds}
        self.validators = self.initial.validators
        memory = Memory(
            values={key: value for key, value in self.initial.result.writes if value is not None},
            nodes=dict(self.initial.result.nodes),
        )
        header = self.initial.header
        self.tip = StateVersion(
            height=header.height, time_ms=header.time_ms, root=header.state_root, state=memory, nodes=memory
        )
        self.header = header
        self.blocks: dict[int, CommittedBlock] = {}
        self.places: dict[TxId, tuple[int, int]] = {}

    @property
    def chain_id(self) -> ChainId:
        return self.document.chain.chain_id

    def commit(
        self, *raws: bytes, after_ms: int = 1_000, rounds: int = 1, failed: tuple[ValidatorId, ...] = ()
    ) -> CommittedBlock:
        """Make a block of the transactions, and all four validators' certificate over it."""
        proposer = self.validators.validators[0].id
        height, time_ms = self.header.height + 1, self.header.time_ms + after_ms
        info = BlockInfo(self.chain_id, height=height, time_ms=time_ms, proposer=proposer, failed_proposers=failed)
        built = self.application.build(self.tip, info, raws)
        assert not built.skipped, [str(each.error) for each in built.skipped]
        header = Header(
            version=self.header.version,
            chain_id=self.chain_id,
            epoch=0,
            height=height,
            round=self.header.round + rounds,
            time_ms=time_ms,
            proposer=proposer,
            parent_id=self.header.id(),
            qc_digest=self.certify(self.header).digest(),
            tc_digest=EMPTY_DIGEST,
            payload_digest=payload_digest(built.payload),
            state_root=built.result.state_root,
            receipts_root=built.result.receipts_root,
            validators_digest=self.validators.digest(),
            next_validators_digest=self.validators.digest(),
            failed_proposers=failed,
        )
        block = CommittedBlock(header, built.result.receipts, self.finalise(header), built.payload)
        self.tip = self.tip.child(built.result, height=height, time_ms=time_ms)
        self.header = header
        self.blocks[height] = block
        for index, receipt in enumerate(block.receipts[: len(raws)]):
            self.places[receipt.tx_id] = (height, index)
        return block

    def finalise(self, header: Header, *, signers: int = 4) -> CommitCertificate:
        """The commit votes of the first `signers` validators for a header."""
        statement = Commit(chain_id=self.chain_id, epoch=0, round=header.round, block_id=header.id())
        return commit_certificate(
            self._signatures(signing_bytes(statement), signers), epoch=0, round_=header.round, block_id=header.id()
        )

    def certify(self, header: Header, *, qc_round: int | None = None) -> QuorumCertificate:
        """The votes of all validators for a header whose parent's certificate is of `qc_round`."""
        if header == self.initial.header:
            return genesis_certificate(header)
        before = header.round - 1 if qc_round is None else qc_round
        statement = Vote(chain_id=self.chain_id, epoch=0, round=header.round, block_id=header.id(), qc_round=before)
        signatures = self._signatures(signing_bytes(statement), 4)
        return quorum_certificate(signatures, epoch=0, round_=header.round, block_id=header.id(), qc_round=before)

    def _signatures(self, message: bytes, signers: int) -> list[tuple[int, Signature]]:
        chosen = enumerate(self.validators.validators[:signers])
        return [(index, sign(self.seeds[validator.public_key], message)) for index, validator in chosen]
