"""How Resound itself is doing.

`health` of sources and work, `operating` at one glance, `readiness` to work at all; `crawl_words` puts a crawler's trouble into
sentences, `kept_sentences` finds again what is kept as English text.
"""
