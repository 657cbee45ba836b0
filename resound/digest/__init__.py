"""The weekly digest of a campaign: what appeared in a week, as managers read it on a phone.

1. `gathering` brings the facts of the week out of the store.
2. `edition` decides what stands where: pure, the same facts give the same edition.
3. `letter` writes an edition as mail, in each reader's language.
4. `approving` is what people do with a draft: look, change, approve, skip. An approved issue stays as it was sent.
"""
