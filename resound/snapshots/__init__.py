"""Frozen counts: what was known of a campaign at one moment, as values, so that a reported figure never changes.

1. `taking` gathers the values out of the store (and measures the share of voice), with `proofs` and `watched`.
2. `model` is what they are; `written` packs them, hashes them, and reads them again.
3. `freezing` keeps a snapshot in the store, and opens one that is kept.
4. `opened` makes of a snapshot what the pages show of the store (`Coverage`), by the same pure functions.
5. `reconciling` says what is different between two snapshots of a campaign, and why.

Reports are made from snapshots only.
"""
