"""Fetching: spiders, feeds, sitemaps and listings, the fetch guard, evidence and extraction."""
