"""Everything that must not be lost, and what may go: backups, moves, evidence, room on the disk.

1. `archive` is the file of a backup, `backup` writes it, `restoring` puts it back; `moving` carries a store to another database.
2. `replaying` rebuilds a store from the evidence; `exporting` writes what leaves it as files.
3. `expiring` lets records of pages go that belong to no campaign; `storage` says how much room there is.
"""
