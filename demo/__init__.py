"""The demo newsroom: invented outlets on .example hosts, and what must be counted of them."""
