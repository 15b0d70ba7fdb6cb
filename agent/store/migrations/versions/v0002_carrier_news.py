"""What the carrier tells of calls, and whom callers were passed on to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "carrier_news",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text),
        sa.Column("duration_s", sa.Integer),
        sa.Column("sip_code", sa.Integer),
        sa.Column("stream_errors", sa.Text, nullable=False),
    )
    op.create_index("carrier_news_by_tenant", "carrier_news", ["tenant", "told_at"])
    op.create_table(
        "transfers",
        sa.Column(
            "call_id",
            sa.Text,
            sa.ForeignKey("carrier_news.call_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("fallback", sa.Boolean, nullable=False),
        sa.Column("requested_s", sa.Float, nullable=False),
        sa.Column("ended", sa.Text),
        sa.Column("talked_s", sa.Integer),
    )
