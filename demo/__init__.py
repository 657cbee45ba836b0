"""The demo newsroom: invented outlets on .example hosts, and what must be counted of them."""

from pathlib import Path

_HERE = Path(__file__).parent
SOURCES = _HERE / "sources"
"""The outlets, as YAML."""
GOLD = _HERE / "gold.json"
"""What must be counted, by hand."""
DECISIONS = _HERE / "decisions.yml"
"""What a person would decide."""
CODING = _HERE / "coding.yml"
"""How two people would code it."""
CLIPS = _HERE / "clips.csv"
"""What cannot be crawled."""
MODELS = _HERE / "models"
"""The demo's own small language models."""
CAMPAIGN_ID = "apo-coe-gp-vietnam-2014"


def campaign_path() -> Path:
    """The reference campaign, as it is shipped."""
    from resound.definitions.written import shipped_campaigns

    return shipped_campaigns() / f"{CAMPAIGN_ID}.yml"


MARK = "demo.json"
"""Beside the store: this data folder is the demo's, and which edition of its newsroom is out."""


def is_demo(data: Path) -> bool:
    """Whether a data folder is the demo's."""
    return (data / MARK).exists()
