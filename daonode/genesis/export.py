"""The genesis document that recreates a chain: to go on under other rules, or to see that an export loses nothing."""

from __future__ import annotations

from msgspec.structs import replace

from daonode.genesis.document import GenesisDocument, make_document
from daonode.ledger.params import load_params
from daonode.ledger.versions import StateVersion
from daonode.primitives.units import TimeMs


def export_document(document: GenesisDocument, version: StateVersion) -> GenesisDocument:
    """The document whose initial state is that of `version`, a state of the chain that `document` began.

    Deadlines and held snapshots are not in it: the modules that own them make them anew from their sections.
    """
    chain = replace(
        document.chain,
        genesis_time=TimeMs(version.time_ms),
        initial_height=version.height,
        ledger=load_params(version),
    )
    sections = {module.name: module.export_genesis(version) for module in document.registry.modules}
    return make_document(chain, sections, document.registry)
