"""One network of four real validators for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.integration.cli.network import Network, shared_network
from tests.unit.cli.running import Shell


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Network]:
    own = tmp_path_factory.getbasetemp()
    # Workers have directories of their own below one that they share.
    root = own if worker_id == "master" else own.parent
    with shared_network(root / "cli-network") as running:
        yield running


@pytest.fixture
def shell(network: Network) -> Shell:
    return network.shell
