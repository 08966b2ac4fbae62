"""The REST resources: for each file its parameters, its forms, and functions from an open store to an answer.

`endpoint.py` says what a resource is, `paging.py` how lists are cut into pages, `serving.py` makes HTTP of both, and
`table.py` names all there are. No resource writes: a transaction is handed to a node by `daonode.gateway.sending`.
"""
