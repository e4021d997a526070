"""witnesses and what they cosigned, contradictions, timestamps, epochs of keys, keys that sign for deliveries"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        "witnesses",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnesses")),
        sa.UniqueConstraint("name", name=op.f("uq_witnesses_name")),
    )
    op.create_table(
        "cosignatures",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cosignatures")),
    )
    op.create_index("ix_cosignatures_size", "cosignatures", ["size"])
    op.create_table(
        "contradictions",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT(), autoincrement=False, nullable=False),
        sa.Column("settled_at", MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contradictions")),
    )
    op.create_index("ix_contradictions_settled_at", "contradictions", ["settled_at"])
    op.create_table(
        "timestamps",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_timestamps")),
    )
    op.create_table(
        "key_epochs",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.Text(), autoincrement=False, nullable=True),
        sa.Column("at", MOMENT(), autoincrement=False, nullable=False),
        sa.Column("compromised_at", MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_epochs")),
    )
    op.create_index("ix_key_epochs_key", "key_epochs", ["key"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("public", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("created_at", MOMENT(), autoincrement=False, nullable=False),
        sa.Column("revoked_at", MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_index("ix_signing_keys_party", "signing_keys", ["party"])


def downgrade() -> None:
    op.drop_table("signing_keys")
    op.drop_table("key_epochs")
    op.drop_table("timestamps")
    op.drop_table("contradictions")
    op.drop_table("cosignatures")
    op.drop_table("witnesses")
