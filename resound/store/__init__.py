"""The truth: one relational database. SQLite by default; nothing here is particular to it but `database.py`.

Read in this order: `tables` (what is kept), `database` (opening, transactions, migrations), `work` (claims and
outcomes), then one module per part of an article's way: `frontier`, `captures`, `articles`, `matches`, `grouping`,
`decisions`, `leads`, `registry`. Functions take a `Connection` that the caller has opened with `Store.write()` or
`Store.read()`, so that what belongs together is committed together.
"""

from resound.store.database import Store, open_store

__all__ = ["Store", "open_store"]
