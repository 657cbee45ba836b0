"""What all tables share: the names of constraints, moments, and who made a machine's result."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Dialect, MetaData, String, Text, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC text of fixed width."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        """Write; a naive datetime is a defect of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def made_by() -> tuple[Column[Any], ...]:
    """Every machine result names who made it, and when."""
    return (
        Column("model", Text, nullable=False),
        Column("revision", String(64), nullable=False),
        Column("engine", String(32), nullable=False),
        Column("label", Text, nullable=False),
        Column("at", Moment, nullable=False),
    )
