"""The network of four real validators that the tests of the command line use too."""

from tests.integration.cli.conftest import network, warped_network

__all__ = ["network", "warped_network"]
