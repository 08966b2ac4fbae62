"""The REST resources: for each file its parameters, its forms, and functions from an open store to an answer.

`endpoint.py` says what a resource is, `listing.py` what lists share, `query.py` reads parameters, `serving.py` makes
HTTP of all of them, and `table.py` names all there are. May import the stores and what the gateway's own files beside
this folder offer. Must not know a node: a resource reads rows, and writes nothing.
"""
