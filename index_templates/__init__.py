"""Elasticsearch's templates, as Kibana's Dev Tools would take them.

`resound-settings` and `resound-mappings` are component templates; `resound-items` and `resound-state` index templates.
Resound installs them itself where its key may; an administrator can, in this order:

    PUT _component_template/resound-settings   (the file's text)
    PUT _component_template/resound-mappings
    PUT _index_template/resound-items
    PUT _index_template/resound-state

With another prefix than `resound`, the beginning of these names, of `index_patterns` and of `composed_of` is that prefix.
Who changes a file raises its `version`; a changed mapping needs `resound reindex`, which Resound says when it starts.
"""
