"""What is said of an item: what the machine proposes, what people decide, and what waits for them.

1. `origin` weighs what `origin_evidence` gathers; `proposing` lists what the machine proposes across languages.
2. `deciding` checks and writes down a person's decisions; `item` lays them over the machine's word.
3. `review` asks a coder one question after the other.
"""
