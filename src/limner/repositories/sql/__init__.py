"""Rows in a SQL database, by SQLAlchemy Core."""

from limner.repositories.sql.repository import SqlRepository

__all__ = ["SqlRepository"]
