"""subscriptions: what is said of the recipient's security, how it was assessed, what came of looking into free use"""

from alembic import op
import sqlalchemy as sa


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

COLUMNS = ('recipient', 'security', 'inspection')


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column('subscriptions', sa.Column(name, sa.JSON(), nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column('subscriptions', name)
