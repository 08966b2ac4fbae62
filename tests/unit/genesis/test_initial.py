"""What a chain begins with."""

import pytest
from msgspec.structs import replace

from daonode.consensus.evidence import Evidence
from daonode.consensus.types import Validator
from daonode.genesis.document import ChainDescription, GenesisDocument, make_document
from daonode.genesis.errors import GenesisError
from daonode.genesis.export import export_document
from daonode.genesis.initial import InitialState, consensus_config, make_application, make_initial_state
from daonode.ledger.application import EMPTY_PAYLOAD
from daonode.ledger.errors import InvalidValue
from daonode.ledger.registry import Registry
from daonode.ledger.state import StateReader
from daonode.ledger.tree import OverlayReader
from daonode.ledger.versions import StateVersion
from daonode.primitives.codec import Record
from daonode.primitives.ids import ChainId, PublicKey, ValidatorId
from daonode.primitives.units import Amount, TimeMs
from tests.unit.ledger.counter_chain import (
    ALICE,
    BOB,
    CHAIN,
    GENESIS_MS,
    Add,
    Chain,
    CounterGenesis,
    CounterModule,
    GenesisCounter,
    GenesisPurse,
    MemoryState,
    Refuse,
)


class VotingCounters(CounterModule):
    """The counter module, that also gives the validators."""

    powers: tuple[int, ...] = (1, 2)

    def genesis_epoch(self, genesis: Record, /) -> int:
        return 0

    def next_validators(self, state: StateReader, height: int, /) -> None:
        return None

    def check_evidence(self, state: StateReader, evidence: Evidence, /, *, chain_id: ChainId) -> None:
        raise InvalidValue("nobody is accused here")

    def is_punishable(self, state: StateReader, evidence: Evidence, /) -> bool:
        return False

    def genesis_validators(self, genesis: Record, /) -> tuple[Validator, ...]:
        return tuple(
            Validator(id=ValidatorId(bytes([index]) * 32), public_key=PublicKey(bytes([index]) * 32), power=power)
            for index, power in enumerate(self.powers, start=1)
        )


SECTION = CounterGenesis(
    counters=(GenesisCounter("votes", 5),),
    purses=tuple(sorted((GenesisPurse(user.address, Amount(1_000)) for user in (ALICE, BOB)), key=lambda p: p.account)),
)


def document(section: Record = SECTION, module: CounterModule | None = None) -> GenesisDocument:
    registry = Registry([module or VotingCounters()])
    chain = ChainDescription(chain_id=CHAIN, genesis_time=TimeMs(GENESIS_MS))
    return make_document(chain, {"counter": section}, registry)


def start(initial: InitialState, application_of: GenesisDocument) -> Chain:
    """The chain that begins with this state."""
    state = MemoryState()
    state.values = {key: value for key, value in initial.result.writes if value is not None}
    version = StateVersion(
        height=initial.header.height,
        time_ms=initial.header.time_ms,
        root=initial.header.state_root,
        state=state,
        nodes=OverlayReader(None, dict(initial.result.nodes)),
    )
    return Chain(version=version, app=make_application(application_of.chain, application_of.registry))


def test_the_genesis_header_binds_document_state_and_validators() -> None:
    initial = make_initial_state(document())
    header = initial.header
    assert (header.height, header.round, header.time_ms) == (0, 0, GENESIS_MS)
    assert header.parent_id == document().hash()
    assert header.state_root == initial.result.state_root
    assert header.validators_digest == initial.validators.digest()
    assert [validator.power for validator in initial.validators.validators] == [1, 2]
    assert make_initial_state(document()) == initial


def test_the_core_knows_a_block_without_transactions_by_its_payload() -> None:
    config = consensus_config(document().chain)
    assert config.empty_payload_digest == make_initial_state(document()).header.payload_digest
    assert config.chain_id == CHAIN
    assert EMPTY_PAYLOAD == b"\x92\x90\x90"


def test_a_chain_goes_on_from_its_genesis() -> None:
    world = start(make_initial_state(document()), document())
    world.run(ALICE.send(Add("votes", 1)))
    assert world.counter("votes") == 6


def test_an_exported_chain_that_is_imported_has_the_same_root() -> None:
    original = document(module=VotingCounters())
    world = start(make_initial_state(original), original)
    world.run(ALICE.send(Add("votes", 1), gas_limit=6_000), BOB.send(Refuse("x"), gas_limit=6_000))
    exported = export_document(original, world.version)
    assert exported.chain.initial_height == 1
    # The counter module does not export the sequences of its lanes, so only what it exports is compared.
    imported = start(make_initial_state(exported), exported)
    assert imported.counter("votes") == 6
    assert imported.balance(ALICE) == world.balance(ALICE)


def test_a_section_that_a_module_refuses_is_named() -> None:
    with pytest.raises(GenesisError, match=r"^\$\.modules\.counter\.counters\[0\]\.name: expected a name$"):
        make_initial_state(document(CounterGenesis(counters=(GenesisCounter("", 1),))))


def test_a_value_out_of_range_is_refused_before_any_module_sees_it() -> None:
    with pytest.raises(GenesisError, match=r"^\$\.modules\.counter: "):
        document(CounterGenesis(counters=(GenesisCounter("a", -1),)))
    chain = replace(document().chain, chain_id="nothing")
    with pytest.raises(GenesisError, match=r"^\$\.chain_id: "):
        make_document(chain, {"counter": SECTION}, Registry([VotingCounters()]))


def test_a_chain_needs_validators_that_can_decide() -> None:
    with pytest.raises(GenesisError, match="expected one module that gives the validators"):
        make_initial_state(document(module=CounterModule()))
    for powers, text in (((), "at least one validator"), ((0, 1), "powers of at least 1"), ((2**63, 2**63), "sum")):
        module = VotingCounters()
        module.powers = powers
        with pytest.raises(GenesisError, match=text):
            make_initial_state(document(module=module))
