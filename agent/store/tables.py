"""The tables as they are now; `migrations` makes them, and a test compares the two.

`place` is a call's key and its place in time: the microsecond it began, one later when that is
taken. So the newest calls lie together, a list needs no sorting, and the last call of a page is
where the next one goes on.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    column,
    table,
)

HEAD = "0002"
"""The newest version of the tables."""

metadata = MetaData()

# In SQLite only a column of this very type is the key of the rows themselves.
_PLACE = BigInteger().with_variant(Integer(), "sqlite")


def _of_call() -> Column[int]:
    target = ForeignKey("calls.place", ondelete="CASCADE")
    return Column("place", _PLACE, target, primary_key=True, autoincrement=False)


calls = Table(
    "calls",
    metadata,
    Column("place", _PLACE, primary_key=True, autoincrement=False),
    Column("call_id", Text, nullable=False, unique=True),
    Column("schema", Integer, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("generation", Integer),
    Column("model", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("caller", Text),
    Column("line", Text),
    Column("began_at", DateTime, nullable=False),
    Column("ended_at", DateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("ready_s", Float),
    Column("first_audio_s", Float),
    Column("model_loss", Text),
    Column("turns", Integer, nullable=False),
    Column("latency_median_s", Float),
    Column("latency_worst_s", Float),
    Column("barge_ins", Integer, nullable=False),
    Column("tools", Integer, nullable=False),
    Column("tools_failed", Integer, nullable=False),
    Column("gap_ms", Integer, nullable=False),
    Column("underruns", Integer, nullable=False),
    Column("caller_ms_lost", Integer, nullable=False),
    Column("caller_ms_repeated", Integer, nullable=False),
    Column("caller_ms_filled", Integer, nullable=False),
    Column("agent_ms_cut", Integer, nullable=False),
    Column("dead_air_ms", Integer, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("drops", Integer, nullable=False),
    Column("fresh_starts", Integer, nullable=False),
    Column("tool_effects_doubled", Integer, nullable=False),
    Column("cost_micro_usd", BigInteger),
    Column("wire_path", Text),
    Column("more", Text, nullable=False),
    Index("calls_by_tenant", "tenant", "place"),
    Index("calls_by_outcome", "outcome", "place"),
    Index("calls_by_tenant_outcome", "tenant", "outcome", "place"),
    Index("calls_by_caller", "caller", "place"),
)
"""`more`: the parts of the record that nobody selects by, as JSON."""

turns = Table(
    "turns",
    metadata,
    _of_call(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("began_s", Float, nullable=False),
    Column("answers_caller", Boolean, nullable=False),
    Column("latency_s", Float),
    Column("model_s", Float),
    Column("bridge_s", Float),
    Column("audio_s", Float, nullable=False),
    Column("heard_s", Float, nullable=False),
    Column("interrupted", Boolean, nullable=False),
    Column("reason", Text),
    Column("caller_text", Text, nullable=False),
    Column("agent_text", Text, nullable=False),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    _of_call(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("requested_s", Float, nullable=False),
    Column("took_s", Float),
    Column("state", Text, nullable=False),
    Column("failed", Boolean, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    _of_call(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("left_s", Float, nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("turn_cut", Boolean, nullable=False),
    Column("phase", Text),
    Column("code", Integer),
    Column("reason", Text),
    Column("failed", Text, nullable=False),
    Column("took_s", Float),
    Column("connection", Integer),
    Column("resumed", Boolean),
    Column("replayed_ms", Integer),
)
"""`failed`: one attempt a line."""

usage = Table(
    "usage",
    metadata,
    _of_call(),
    Column("kind", Text, primary_key=True),
    Column("modality", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""`kind` is the name of a field of the record's `usage`; zeroes are left out."""

recordings = Table(
    "recordings",
    metadata,
    _of_call(),
    Column("path", Text, nullable=False),
    Column("starts_s", Float, nullable=False),
)

timelines = Table(
    "timelines",
    metadata,
    _of_call(),
    Column("entries", LargeBinary, nullable=False),
    Column("dropped", Integer, nullable=False),
)
"""`entries`: a JSON list, compressed by zlib."""

carrier_news = Table(
    "carrier_news",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    Column("status", Text),
    Column("duration_s", Integer),
    Column("sip_code", Integer),
    Column("stream_errors", Text, nullable=False),
    Index("carrier_news_by_tenant", "tenant", "told_at"),
)
"""What the carrier tells of calls, which may come before the call itself: so it hangs on no place.

`stream_errors`: one a line. `told_at`: microseconds since 1970."""

transfers = Table(
    "transfers",
    metadata,
    Column(
        "call_id", Text, ForeignKey("carrier_news.call_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("target", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("fallback", Boolean, nullable=False),
    Column("requested_s", Float, nullable=False),
    Column("ended", Text),
    Column("talked_s", Integer),
)

words = table("call_words", column("rowid"), column("words"))
"""The transcript's words, for searching: a full-text table of the engine's own kind."""

PARTS = (turns, tool_calls, connections, usage, recordings, timelines)
