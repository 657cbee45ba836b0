"""Which articles are one publication, and which tell one original text.

1. `dedupe` finds near-duplicates within a language, `linking` decides across languages (`comparing` brings it what is known).
2. `stories` joins them, people's merges and splits over them; `items` writes down what follows.
"""
