"""facts about public tables, with each data version"""

from alembic import op
import sqlalchemy as sa


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('data_versions', sa.Column('facts', sa.JSON(), nullable=False, server_default='{}'))


def downgrade() -> None:
    op.drop_column('data_versions', 'facts')
