"""Every resource."""

from __future__ import annotations

from typing import Final

from daonode.gateway.rest import blocks, chain, members, proposals, series, treasury, votes
from daonode.gateway.rest.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *chain.ENDPOINTS,
    *proposals.ENDPOINTS,
    *votes.ENDPOINTS,
    *members.ENDPOINTS,
    *treasury.ENDPOINTS,
    *series.ENDPOINTS,
    *blocks.ENDPOINTS,
)
