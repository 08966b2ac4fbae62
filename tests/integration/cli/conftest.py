"""One network of four real validators for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.integration.cli.network import Network, locked, shared_network
from tests.unit.cli.running import Shell


@pytest.fixture(scope="session")
def warped_network(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Network]:
    """The network for a test that moves its clock."""
    own = tmp_path_factory.getbasetemp()
    # Workers have directories of their own below one that they share.
    root = own if worker_id == "master" else own.parent
    with shared_network(root / "cli-network") as running:
        yield running


@pytest.fixture
def network(warped_network: Network) -> Iterator[Network]:
    """The network for a test during which the clock stands still."""
    with locked(warped_network.directory.with_suffix(".clock"), is_shared=True):
        yield warped_network


@pytest.fixture
def shell(network: Network) -> Shell:
    return network.shell
