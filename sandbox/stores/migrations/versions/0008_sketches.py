"""what a trace knows bases by"""

from alembic import op
import sqlalchemy as sa


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'sketches',
        sa.Column('base', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('content', sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('base', name=op.f('pk_sketches')),
    )


def downgrade() -> None:
    op.drop_table('sketches')
