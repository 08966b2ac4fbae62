"""The fields of the schema that are not simply fields of rows: one file for each part of the DAO.

A resolver is a function of what the field belongs to, of the request's `Reading`, and of the field's arguments by their
names. Each file has them in `FIELDS` by `Type.field`. May import the reading and the stores' rows; knows no GraphQL
library, no HTTP and no document.
"""
