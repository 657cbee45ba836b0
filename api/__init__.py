"""Pages and JSON API, over the same functions as the command line.

What a request goes through, in order: `safety` (hosts, size, time, headers), `access` (who asks, may they, is the form
ours), a route in `routes/` (thin: reads what was asked, calls `resound`, hands over values), `pages` (a template, the
reader's language) or a model of `schemas`; what goes wrong becomes a page or problem+json in `problems`.
"""
