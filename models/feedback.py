"""What customers say of a visit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Instant


class Feedback(Base):
    """The one answer to "how was it?" for one booking: one to five ``stars``, and ``words`` (personal)."""

    __tablename__ = "feedback"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    stars: Mapped[int]
    words: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_feedback_created_at", "created_at"),
    )
