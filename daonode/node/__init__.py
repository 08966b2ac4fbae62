"""The validator process: everything of a node that touches the world.

Start with `node.py`, which opens, wires and closes everything, then `driver.py`, which steps the replica and does what
its effects say. Sockets, disk, clocks, threads and HTTP live here and nowhere below. Rules of the folder: I/O only. A
decision about consensus, sync or mempool policy found here is misplaced: it belongs in `daonode.replica`, which this
folder drives.
"""
