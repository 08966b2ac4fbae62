"""A host in a process of its own, for tests that stop and kill it: it sends every frame back.

Arguments: own number, number and address of the host to connect to.
"""

import sys

import trio

from daonode.node.transport.service import open_transport
from daonode.node.transport.types import Inbound, Multiaddress
from tests.integration.transport.support import ANY_PORT, address_of, config_of


async def echo(own_number: int, other_number: int, other_address: Multiaddress) -> None:
    config = config_of(own_number, [address_of(other_number, other_address)], listen_address=ANY_PORT)
    async with open_transport(config) as transport:
        while True:
            item = await transport.receive()
            if isinstance(item, Inbound):
                transport.send(item.peer, item.lane, item.data)


if __name__ == "__main__":
    trio.run(echo, int(sys.argv[1]), int(sys.argv[2]), Multiaddress(sys.argv[3]))
