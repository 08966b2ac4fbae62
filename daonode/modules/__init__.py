"""Native modules: what a DAO does on its chain, one folder each, all with the same file names.

Start with a module's `README.md`, its specification; then `module.py` ties its files together. Modules never import
each other: one that needs another declares in `expected.py` what it needs, as Protocols, and is given it by name.
"""
