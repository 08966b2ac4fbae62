"""GraphQL over the index: `schema.graphql` says what there is, `resolvers/` where it comes from.

A request goes through `documents` (parsed, bounded, validated), `execution` (in a thread, on one state of the store,
within a time), and out by `routes` over HTTP or by `socket` over WebSockets. May import the stores, httpd and what
stands below the gateway; knows no node and writes nothing.
"""
