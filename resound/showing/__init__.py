"""One article as a person reads it, doubts it and checks it.

1. `viewing` is its page: `bilingual` (beside its translation), `marking` and `matched` (what is named in it), `relating` (what else is told of it).
2. `diffing` compares its versions, `proving` hands out its evidence, `explaining` says why it is or is not counted.
"""
