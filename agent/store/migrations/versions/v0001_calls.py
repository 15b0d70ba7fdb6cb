"""Calls, and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_PLACE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _calls()
    for name, columns in _parts().items():
        op.create_table(
            name,
            sa.Column(
                "place",
                _PLACE,
                sa.ForeignKey("calls.place", ondelete="CASCADE"),
                primary_key=True,
                autoincrement=False,
            ),
            *columns,
        )
    _words()


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("call_id", sa.Text, nullable=False, unique=True),
        _whole("schema"),
        _text("stream_id"),
        _text("tenant"),
        sa.Column("generation", sa.Integer),
        _text("model"),
        _text("direction"),
        sa.Column("caller", sa.Text),
        sa.Column("line", sa.Text),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime, nullable=False),
        _text("outcome"),
        _float("duration_s"),
        sa.Column("ready_s", sa.Float),
        sa.Column("first_audio_s", sa.Float),
        sa.Column("model_loss", sa.Text),
        _whole("turns"),
        sa.Column("latency_median_s", sa.Float),
        sa.Column("latency_worst_s", sa.Float),
        *map(_whole, ("barge_ins", "tools", "tools_failed")),
        *map(_whole, ("gap_ms", "underruns", "caller_ms_lost", "caller_ms_repeated")),
        *map(_whole, ("caller_ms_filled", "agent_ms_cut", "dead_air_ms", "moves", "drops")),
        *map(_whole, ("fresh_starts", "tool_effects_doubled")),
        sa.Column("cost_micro_usd", sa.BigInteger),
        sa.Column("wire_path", sa.Text),
        _text("more"),
    )
    op.create_index("calls_by_tenant", "calls", ["tenant", "place"])
    op.create_index("calls_by_outcome", "calls", ["outcome", "place"])
    op.create_index("calls_by_tenant_outcome", "calls", ["tenant", "outcome", "place"])
    op.create_index("calls_by_caller", "calls", ["caller", "place"])


def _parts() -> dict[str, list[sa.Column[object]]]:
    return {
        "turns": [
            _n(),
            _whole("number"),
            _float("began_s"),
            _flag("answers_caller"),
            *(sa.Column(name, sa.Float) for name in ("latency_s", "model_s", "bridge_s")),
            _float("audio_s"),
            _float("heard_s"),
            _flag("interrupted"),
            sa.Column("reason", sa.Text),
            _text("caller_text"),
            _text("agent_text"),
        ],
        "tool_calls": [
            _n(),
            _text("name"),
            _whole("turn"),
            _float("requested_s"),
            sa.Column("took_s", sa.Float),
            _text("state"),
            _flag("failed"),
        ],
        "connections": [
            _n(),
            _float("left_s"),
            _flag("planned"),
            _text("why"),
            _flag("turn_cut"),
            sa.Column("phase", sa.Text),
            sa.Column("code", sa.Integer),
            sa.Column("reason", sa.Text),
            _text("failed"),
            sa.Column("took_s", sa.Float),
            sa.Column("connection", sa.Integer),
            sa.Column("resumed", sa.Boolean),
            sa.Column("replayed_ms", sa.Integer),
        ],
        "usage": [
            sa.Column("kind", sa.Text, primary_key=True),
            sa.Column("modality", sa.Text, primary_key=True),
            sa.Column("n", sa.BigInteger, nullable=False),
        ],
        "recordings": [_text("path"), _float("starts_s")],
        "timelines": [sa.Column("entries", sa.LargeBinary, nullable=False), _whole("dropped")],
    }


def _words() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE call_words USING fts5 ("
            "words, tokenize = 'ascii', detail = none, prefix = '3 4')"
        )
        return
    op.create_table(
        "call_words",
        sa.Column(
            "rowid",
            sa.BigInteger,
            sa.ForeignKey("calls.place", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        _text("words"),
    )
    index = "CREATE INDEX call_words_by_word ON call_words USING gin (to_tsvector('simple', words))"
    op.execute(index)


def _n() -> sa.Column[object]:
    return sa.Column("n", sa.Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text, nullable=False)


def _whole(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False)


def _float(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Float, nullable=False)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean, nullable=False)
