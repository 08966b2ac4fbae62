"""The network of four real validators that the tests of the command line use too."""

from collections.abc import Iterator

import pytest

from tests.integration.cli.network import Network, shared_network


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Network]:
    own = tmp_path_factory.getbasetemp()
    root = own if worker_id == "master" else own.parent
    with shared_network(root / "cli-network") as running:
        yield running
