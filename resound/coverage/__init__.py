"""What is counted of a campaign, and how it is broken down: pure deciding first, then the facts out of the store.

1. `model` says what counting takes and gives, `named` what its values are called; `counting`, `breakdown`, `coded`,
   `agreement` decide: facts in, figures out.
2. `figures` brings them the facts of a campaign, `campaign` everything that its page and its report show, `voice` its share of voice
   (`comparators`: what it is set beside).
3. `charts` draws them; `figure_cache` keeps them while nothing has changed.
"""
