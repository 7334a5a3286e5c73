"""Files that come in and files that are made for somebody: their runs, their rows, how headers were matched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import REUSES_NO_ID, Base, Id, Instant, Json

STATES = ("mapping", "checking", "ready", "running", "done", "failed", "dropped")


class ImportRun(Base):
    """One file on its way into the tables.

    ``stored`` is its random name below DATA_DIR, empty once it is not needed any more; ``label`` what its owner called it.
    ``options`` hold encoding, separator, and who is told; ``heads`` the words of its first row, ``mapping`` the column of
    each field. ``position`` is the last row that is through with the step that runs; whoever works at it holds it until
    ``lease_until``. ``why`` is the code of what stopped it.
    """

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    label: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    stored: Mapped[str | None]
    bytes: Mapped[int] = mapped_column(Id)
    form: Mapped[str]
    options: Mapped[Any] = mapped_column(Json, default=dict)
    notes: Mapped[Any] = mapped_column(Json, default=list)
    heads: Mapped[Any] = mapped_column(Json, default=list)
    mapping: Mapped[Any] = mapped_column(Json, default=dict)
    total: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    why: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint(
            "state IN ('mapping', 'checking', 'ready', 'running', 'done', 'failed', 'dropped')", name="state"
        ),
        Index("ix_import_run_state", "state"),
        Index("ix_import_run_staff_id", "staff_id"),
        REUSES_NO_ID,
    )


class ImportRow(Base):
    """One row of such a file: its typed ``fields`` (personal values), and what is ``wrong`` with it.

    ``state``: refused, ready, then made, used (what is there already was taken), left, clash (refused when it was written).
    ``double`` says of what kind of double it is (twin: stands twice in the file; known: is there already; shared: the same
    contact with another name) and ``grp`` which of them belong together; ``choice`` is take, new or leave.
    """

    __tablename__ = "import_row"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    chosen: Mapped[bool] = mapped_column(default=True)
    double: Mapped[str | None]
    grp: Mapped[str | None]
    choice: Mapped[str | None]
    fields: Mapped[Any] = mapped_column(Json, default=dict)
    wrong: Mapped[Any] = mapped_column(Json, nullable=True)
    object_id: Mapped[int | None] = mapped_column(Id)

    __table_args__ = (
        CheckConstraint("state IN ('refused', 'ready', 'made', 'used', 'left', 'clash')", name="state"),
        Index("ix_import_row_state", "run_id", "state", "number"),
        Index("ix_import_row_double", "run_id", "double", "grp"),
    )


class ImportHeads(Base):
    """How the headers of a kind of file were matched the last time; ``digest`` is that of the headers."""

    __tablename__ = "import_heads"

    kind: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    mapping: Mapped[Any] = mapped_column(Json)


class ExportFile(Base):
    """A large file that is written for somebody in the background. ``asked`` is what it holds, ``rights`` what she might
    when she asked for it; it can be fetched until ``ends_at`` by her, with the same rights."""

    __tablename__ = "export_file"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    what: Mapped[str]
    form: Mapped[str]
    state: Mapped[str]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    rights: Mapped[str]
    asked: Mapped[Any] = mapped_column(Json, default=dict)
    locale: Mapped[str]
    stored: Mapped[str | None]
    rows: Mapped[int] = mapped_column(default=0)
    cut: Mapped[int] = mapped_column(default=0)
    cleaned: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ready', 'failed', 'gone')", name="state"),
        Index("ix_export_file_state", "state"),
        REUSES_NO_ID,
    )
