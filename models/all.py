"""Imports every table, for whoever needs the whole metadata (migrations, tests)."""

from models import booking, business, catalogue, doors, history, outbox, people

__all__ = ["booking", "business", "catalogue", "doors", "history", "outbox", "people"]
