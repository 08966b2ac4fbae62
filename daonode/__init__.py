"""daonode: a framework for running a DAO on its own blockchain.

The folders of this package are its architecture; `README.md` at the root of the repository has the map. An import goes
only downwards through the layers that `setup.cfg` lists (`[importlinter:contract:layers]`).

This file knows the version and nothing else: importing `daonode` must cost nothing.
"""

__version__ = "0.1.0.dev0"
