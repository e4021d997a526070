"""which processes a drill has to reach"""

from alembic import op
import sqlalchemy as sa


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drills", sa.Column("expected", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("drills", "expected")
