"""workspaces: admissions, own tables, exit reviews"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'admissions',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subscription', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('code', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('outputs', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('tables', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('spec', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('decided_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('until', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('decided_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_admissions')),
    )
    op.create_index(op.f('ix_admissions_party'), 'admissions', ['party'])
    op.create_index(op.f('ix_admissions_product'), 'admissions', ['product'])
    op.create_index(op.f('ix_admissions_status'), 'admissions', ['status'])
    op.create_table(
        'own_tables',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('admission', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('name', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('content', sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_own_tables')),
        sa.UniqueConstraint('admission', 'name', name=op.f('uq_own_tables_admission_name')),
    )
    op.create_table(
        'exit_reviews',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('job', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('verdict', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_exit_reviews')),
        sa.UniqueConstraint('job', name=op.f('uq_exit_reviews_job')),
    )


def downgrade() -> None:
    op.drop_table('exit_reviews')
    op.drop_table('own_tables')
    op.drop_table('admissions')
