"""What follows from a genesis document: the first state, the genesis block's header, the first validator set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from daonode.consensus.config import ConsensusConfig
from daonode.consensus.evidence import Evidence
from daonode.consensus.types import EMPTY_DIGEST, HEADER_VERSION, Header, Validator, ValidatorSet, payload_digest
from daonode.genesis.document import ChainDescription, GenesisDocument
from daonode.genesis.errors import GenesisError
from daonode.ledger.application import EMPTY_PAYLOAD, NO_PROPOSER, Application
from daonode.ledger.block import BlockInfo, BlockResult
from daonode.ledger.deadlines import next_deadline_ms
from daonode.ledger.errors import LedgerError
from daonode.ledger.gas import GasMeter
from daonode.ledger.module import Module
from daonode.ledger.origins import module_address
from daonode.ledger.overlay import Overlay
from daonode.ledger.params import PARAMS
from daonode.ledger.receipts import receipts_root
from daonode.ledger.registry import Registry
from daonode.ledger.session import NO_TRANSACTION, Session
from daonode.ledger.state import EMPTY_STATE, StateReader
from daonode.ledger.tree import OverlayReader, update
from daonode.primitives.codec import Record
from daonode.primitives.errors import PrimitiveError
from daonode.primitives.ids import BlockId, ChainId
from daonode.primitives.units import U64_MAX


@dataclass(frozen=True, slots=True)
class InitialState:
    """The genesis block: its header, the effect of executing it on nothing, and who makes the next one."""

    header: Header
    result: BlockResult
    validators: ValidatorSet


@runtime_checkable
class ValidatorSource(Protocol):
    """What the module that keeps validators offers to consensus: the set of each epoch, and where epochs end."""

    name: ClassVar[str]

    def genesis_epoch(self, genesis: Record, /) -> int:
        """The number of the epoch that a section begins in."""
        ...

    def next_validators(self, state: StateReader, height: int, /) -> tuple[Validator, ...] | None:
        """The validators of the next epoch, ascending by id, where the block of `height` is the last of its epoch.

        `state` is that of the block's parent; None for every other block.
        """
        ...

    def genesis_validators(self, genesis: Record, /) -> tuple[Validator, ...]:
        """The validators of a section, ascending by id."""
        ...

    def check_evidence(self, state: StateReader, evidence: Evidence, /, *, chain_id: ChainId) -> None:
        """Check that a block on this state that carries the evidence would convict whom it accuses.

        Raises:
            TransactionError: it would not.
        """
        ...

    def is_punishable(self, state: StateReader, evidence: Evidence, /) -> bool:
        """Whether evidence that has passed `check_evidence` before is still of use: once an offence, for a time."""
        ...


def consensus_config(chain: ChainDescription) -> ConsensusConfig:
    """The parameters of the consensus core that all validators share."""
    params = chain.consensus
    return ConsensusConfig(
        chain_id=chain.chain_id,
        timeout_base_ms=params.timeout_base,
        max_timeout_ms=params.timeout_max,
        min_block_interval_ms=params.min_block_interval,
        max_drift_ms=params.max_drift,
        empty_payload_digest=payload_digest(EMPTY_PAYLOAD),
    )


def make_application(chain: ChainDescription, registry: Registry) -> Application:
    """The ledger of a chain with these modules.

    Raises:
        GenesisError: no module of it keeps accounts.
    """
    try:
        authenticator = registry.authenticator
    except LedgerError as error:
        raise GenesisError(path="$.modules", reason=str(error)) from error
    return Application(chain_id=chain.chain_id, registry=registry, authenticator=authenticator)


def validator_source(registry: Registry) -> ValidatorSource:
    """The module that keeps the validators.

    Raises:
        GenesisError: there is none, or more than one.
    """
    sources = [module for module in registry.modules if isinstance(module, ValidatorSource)]
    if len(sources) != 1:
        reason = f"expected one module that gives the validators, such as validators; got {len(sources)}"
        raise GenesisError(path="$.modules", reason=reason)
    return sources[0]


def make_validators(document: GenesisDocument) -> ValidatorSet:
    """The set of the first epoch.

    Raises:
        GenesisError: no module gives one, or it is not a set that can decide.
    """
    module = validator_source(document.registry)
    path = f"$.modules.{module.name}"
    section = document.sections[module.name]
    validators = tuple(sorted(module.genesis_validators(section), key=lambda each: each.id))
    if not validators:
        raise GenesisError(path=path, reason="expected at least one validator")
    ids, keys = {each.id for each in validators}, {each.public_key for each in validators}
    if min(len(ids), len(keys)) < len(validators):
        raise GenesisError(path=path, reason="two validators have one id or one consensus key")
    total = sum(each.power for each in validators)
    if min(each.power for each in validators) < 1 or total > U64_MAX:
        raise GenesisError(path=path, reason=f"expected powers of at least 1 that sum to at most {U64_MAX}")
    return ValidatorSet(epoch=module.genesis_epoch(section), validators=validators)


def make_initial_state(document: GenesisDocument) -> InitialState:
    """Execute the genesis block: every module writes its section.

    Raises:
        GenesisError: a module refuses its section; the path says where.
    """
    chain = document.chain
    info = BlockInfo(chain.chain_id, chain.initial_height, chain.genesis_time, NO_PROPOSER)
    overlay = Overlay(EMPTY_STATE)
    PARAMS.set(overlay, None, chain.ledger)
    for module in document.registry.modules:
        _run_module(document, module, overlay=overlay, info=info)
    writes = overlay.changes()
    tree = update(OverlayReader(None, {}), previous_version=None, version=info.height, changes=writes)
    result = BlockResult(
        writes=writes,
        nodes=tree.nodes,
        stale_nodes=tree.stale,
        receipts=(),
        state_root=tree.root,
        receipts_root=receipts_root(()),
        next_deadline_ms=next_deadline_ms(overlay),
    )
    # After the modules, whose errors name a place inside the section.
    validators = make_validators(document)
    return InitialState(header=_header(document, result, validators), result=result, validators=validators)


def _run_module(document: GenesisDocument, module: Module, *, overlay: Overlay, info: BlockInfo) -> None:
    """Let a module write its section. The operator pays for it with patience, not gas, and events are not kept."""
    session = Session(
        registry=document.registry,
        overlay=overlay,
        block=info,
        gas=GasMeter(U64_MAX),
        tx_id=NO_TRANSACTION,
        sender=module_address(module.name),
        lane=0,
        sequence=info.height,
        next_call_number=1,
        max_events=U64_MAX,
    )
    path = f"$.modules.{module.name}"
    try:
        module.init_genesis(session.context(caller=session.sender, index=0), document.sections[module.name])
    except ValueError as error:
        place, separator, reason = str(error).partition(": ")
        if separator and place.startswith((".", "[")):
            raise GenesisError(path=path + place, reason=reason) from error
        raise GenesisError(path=path, reason=str(error)) from error
    except (LedgerError, PrimitiveError) as error:
        raise GenesisError(path=path, reason=str(error)) from error
    overlay.forget_savepoints()


def _header(document: GenesisDocument, result: BlockResult, validators: ValidatorSet) -> Header:
    """The genesis block stands on the document itself: its parent is the document's hash."""
    return Header(
        version=HEADER_VERSION,
        chain_id=document.chain.chain_id,
        epoch=validators.epoch,
        height=document.chain.initial_height,
        round=0,
        time_ms=document.chain.genesis_time,
        proposer=NO_PROPOSER,
        parent_id=BlockId(document.hash()),
        qc_digest=EMPTY_DIGEST,
        tc_digest=EMPTY_DIGEST,
        payload_digest=payload_digest(EMPTY_PAYLOAD),
        state_root=result.state_root,
        receipts_root=result.receipts_root,
        validators_digest=validators.digest(),
        next_validators_digest=validators.digest(),
        failed_proposers=(),
    )
