"""Search for people, and the index that answers it.

1. `documents` says what the index holds; `indexing` keeps it level with the store, `reindexing` builds it anew, `catching_up` does so while people search.
2. `search` expands and asks, `query_words` says a query in words, `page` is what the search page shows, `hit_rows` the same as a file.
3. `narrowing` asks the index which articles a campaign can match at all; `saved` are searches under a name.
"""
