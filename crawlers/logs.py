"""Logs of the crawl as JSON lines on stderr: an event and its fields, no page bodies."""

from __future__ import annotations

import logging

import structlog


def log_as_json(level: int) -> None:
    """Have every `resound.*` logger of this process, and the errors of others, write JSON lines."""
    handler = logging.StreamHandler()
    # Not by levels: Scrapy sets its own loggers to DEBUG when it starts.
    handler.addFilter(lambda line: line.name.startswith("resound") or line.levelno >= logging.ERROR)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("resound").setLevel(level)
