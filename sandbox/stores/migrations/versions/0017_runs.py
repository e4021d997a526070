"""runs of products by their operators"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'runs',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('period', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('spec', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('version', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('job', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_runs')),
        sa.UniqueConstraint('product', 'period', 'number', name=op.f('uq_runs_product_period_number')),
        sa.UniqueConstraint('job', name=op.f('uq_runs_job')),
    )


def downgrade() -> None:
    op.drop_table('runs')
