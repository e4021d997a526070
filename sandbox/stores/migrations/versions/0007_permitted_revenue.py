"""cost surveys and ceilings"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'cost_surveys',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('year', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('data', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('application', sa.JSON(), autoincrement=False, nullable=True),
        sa.Column('verified', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cost_surveys')),
    )
    op.create_index(op.f('ix_cost_surveys_operator_year'), 'cost_surveys', ['operator', 'year'])
    op.create_table(
        'ceiling_sets',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('year', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('survey', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('permitted', EXACT(), autoincrement=False, nullable=False),
        sa.Column('ceilings', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('set_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ceiling_sets')),
        sa.UniqueConstraint('operator', 'number', name=op.f('uq_ceiling_sets_operator_number')),
    )


def downgrade() -> None:
    op.drop_table('ceiling_sets')
    op.drop_table('cost_surveys')
