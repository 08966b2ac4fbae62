"""The read side's writer: follows a node, verifies every block, projects it into rows, writes rows and cursor together.

Start here: `verifying` says which blocks are the chain's, `projection/` what rows they make, `following` asks the nodes
and writes the stores, `running` starts it all. The first two do no I/O. May import stores, client, genesis, modules and
what stands below; knows neither node nor gateway, and trusts no node.
"""
