"""The genesis document as a typed value: reading it with paths in every error, writing it, its hash.

The file is JSON. Of the sections under `modules` each has the type that its module declares, and naming a section
switches its module on. The hash covers the canonical writing of the typed value, so spacing, the order of keys and
fields left at their defaults do not matter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from daonode.genesis.errors import GenesisError
from daonode.ledger.params import LedgerParams
from daonode.ledger.registry import Registry, RegistryError, discover
from daonode.primitives.codec import U32, U64, DecodeError, Record, decode, encode
from daonode.primitives.hashing import GENESIS_TAG, tagged_hash
from daonode.primitives.ids import ChainId, Hash, IdError, check_chain_id
from daonode.primitives.json_form import Json, JsonFormError, from_json, to_json
from daonode.primitives.strict_json import JsonLimits, StrictJsonError, parse_json
from daonode.primitives.units import DurationMs, TimeMs

TEST_COIN_TYPE: Final = 1
"""SLIP-44's number for all test networks."""
DOCUMENT_LIMITS: Final = JsonLimits(max_bytes=1024 * 1024 * 1024, max_depth=64, max_values=32_000_000)
"""A million accounts, each with a few balances and a policy, and room to spare."""
_MODULES: Final = "modules"


class ConsensusParams(Record, frozen=True):
    """Section `consensus`. A round times out after `timeout_base`, longer after each failed one up to `timeout_max`.

    A block's time is within `max_drift` of its voters' clocks, and blocks are at least `min_block_interval` apart. With
    a `heartbeat`, an idle chain makes an empty block after that long.
    """

    timeout_base: DurationMs = DurationMs(1_000)
    timeout_max: DurationMs = DurationMs(60_000)
    min_block_interval: DurationMs = DurationMs(50)
    max_drift: DurationMs = DurationMs(10_000)
    heartbeat: DurationMs | None = None


class ChainDescription(Record, frozen=True):
    """Everything in the document but the modules' sections. `initial_height` is not 0 in an exported chain."""

    chain_id: ChainId
    genesis_time: TimeMs
    initial_height: U64 = 0
    coin_type: U32 = TEST_COIN_TYPE
    consensus: ConsensusParams = ConsensusParams()
    ledger: LedgerParams = LedgerParams()


@dataclass(frozen=True, slots=True)
class GenesisDocument:
    """A document whose every field has its type; whether the modules accept it shows when the state is made.

    `registry` has the modules that the sections switch on, newly constructed; `sections` are in its order.
    """

    chain: ChainDescription
    sections: Mapping[str, Record]
    registry: Registry

    def to_json(self) -> dict[str, Json]:
        """The document's JSON form, in the order in which it is written."""
        modules: dict[str, Json] = {name: to_json(section) for name, section in self.sections.items()}
        chain = to_json(self.chain)
        assert isinstance(chain, dict), "a record is written as an object"
        return {**chain, _MODULES: modules}

    def to_bytes(self) -> bytes:
        """The file: indented JSON in UTF-8 with a line end. The same document always gives the same bytes."""
        return (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode()

    def hash(self) -> Hash:
        """The tagged hash of the canonical writing: keys sorted, no space."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return tagged_hash(GENESIS_TAG, text.encode())


def load_document(data: bytes) -> GenesisDocument:
    """Read a genesis document and construct its modules.

    Raises:
        GenesisError: a field is missing, unknown, of the wrong type or out of range, or a module cannot be had; the
            path says where, the reason what would be right.
    """
    try:
        parsed = parse_json(data, DOCUMENT_LIMITS)
    except StrictJsonError as error:
        raise GenesisError(path=error.path, reason=error.message) from error
    if not isinstance(parsed, dict):
        raise GenesisError(path="$", reason="expected an object")
    if _MODULES not in parsed:
        raise GenesisError(path=f"$.{_MODULES}", reason="this field is missing")
    sections = parsed.pop(_MODULES)
    if not isinstance(sections, dict):
        raise GenesisError(path=f"$.{_MODULES}", reason="expected an object of sections by module name")
    try:
        chain = from_json(parsed, ChainDescription)
        registry = discover(sections)
        typed: dict[str, Record] = {
            module.name: from_json(sections[module.name], module.genesis_type, f"$.{_MODULES}.{module.name}")
            for module in registry.modules
        }
    except JsonFormError as error:
        raise GenesisError(path=error.path, reason=error.reason) from error
    except RegistryError as error:
        raise GenesisError(path=f"$.{_MODULES}", reason=str(error)) from error
    return make_document(chain, typed, registry)


def make_document(chain: ChainDescription, sections: Mapping[str, Record], registry: Registry) -> GenesisDocument:
    """Check a document made of values, one section for each module of the registry.

    Raises:
        GenesisError: a value is out of its range, or a section is missing or of another type.
    """
    try:
        check_chain_id(chain.chain_id)
    except IdError as error:
        raise GenesisError(path="$.chain_id", reason=error.reason) from error
    if not 0 < chain.consensus.timeout_base <= chain.consensus.timeout_max:
        raise GenesisError(path="$.consensus.timeout_base", reason="expected more than 0s and at most timeout_max")
    if not chain.consensus.max_drift:
        raise GenesisError(path="$.consensus.max_drift", reason="expected more than 0s: clocks differ")
    if chain.consensus.heartbeat == 0:
        raise GenesisError(path="$.consensus.heartbeat", reason="expected more than 0s, or null for none")
    _check_ranges(chain, path="$")
    ordered: dict[str, Record] = {}
    for module in registry.modules:
        path = f"$.{_MODULES}.{module.name}"
        section = sections.get(module.name)
        if not isinstance(section, module.genesis_type):
            raise GenesisError(path=path, reason=f"expected a {module.genesis_type.__name__}")
        _check_ranges(section, path=path)
        ordered[module.name] = section
    return GenesisDocument(chain=chain, sections=ordered, registry=registry)


def _check_ranges(value: Record, *, path: str) -> None:
    """Let the codec check what it checks of every value; the JSON form has checked values from a file already."""
    try:
        decode(encode(value), type(value), max_bytes=DOCUMENT_LIMITS.max_bytes)
    except DecodeError as error:
        raise GenesisError(path=path, reason=error.reason) from error
