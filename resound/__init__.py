"""Resound: how far a communications campaign's news travels, and the evidence for every number."""

__version__ = "0.1.0"
