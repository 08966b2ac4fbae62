"""The default store: one SQLite file, written by one process and read by any number while it is.

Start here: `open_writer` and `open_reader`. `schema` makes the tables from their declaration and says whose a file is,
`columns` how a value is kept, `queries` how rows are asked for. May import the rows, tables and access beside it.
"""

from daonode.stores.sqlite.reader import SqliteReader, open_reader
from daonode.stores.sqlite.writer import SqliteWriter, open_writer, reset_store

__all__ = ["SqliteReader", "SqliteWriter", "open_reader", "open_writer", "reset_store"]
