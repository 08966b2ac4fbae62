"""The table of all methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daonode.node.rpc.block_methods import BLOCK_METHODS
from daonode.node.rpc.chain_methods import CHAIN_METHODS
from daonode.node.rpc.discovery import discovery_method
from daonode.node.rpc.method import Method
from daonode.node.rpc.node_methods import NODE_METHODS
from daonode.node.rpc.state_methods import STATE_METHODS
from daonode.node.rpc.subscription_methods import SUBSCRIPTION_METHODS
from daonode.node.rpc.transaction_methods import TRANSACTION_METHODS
from daonode.node.rpc.trial_methods import TRIAL_METHODS

_ABOUT_THE_CHAIN: Final = (
    *CHAIN_METHODS,
    *BLOCK_METHODS,
    *TRANSACTION_METHODS,
    *TRIAL_METHODS,
    *STATE_METHODS,
    *NODE_METHODS,
    *SUBSCRIPTION_METHODS,
)

METHODS: Final[Mapping[str, Method]] = {
    each.name: each for each in (*_ABOUT_THE_CHAIN, discovery_method(_ABOUT_THE_CHAIN))
}
"""Every method by its name."""
