"""What the read side keeps, and how it is reached: the indexer writes here, the gateway reads.

`rows` and `tables` say what there is, whatever store holds it; each store is a folder beside them. May import the
client, the modules' types and what stands below. Knows no node, no HTTP and nothing of how rows are made.
"""
