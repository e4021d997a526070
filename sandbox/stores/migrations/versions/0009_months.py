"""usage by month; settlements"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment
MONTH = {'sqlite': "strftime('%Y-%m', at)", 'postgresql': "to_char(at, 'YYYY-MM')"}
FREE = {'sqlite': "json_extract(data, '$.free')", 'postgresql': "data ->> 'free'"}


def upgrade() -> None:
    op.add_column('usage_events', sa.Column('free', sa.Text(), nullable=True))
    op.add_column('usage_events', sa.Column('month', sa.Text(), nullable=False, server_default=''))
    dialect = op.get_bind().dialect.name
    op.execute(f'UPDATE usage_events SET month = {MONTH[dialect]}, free = {FREE[dialect]}')
    op.create_index(op.f('ix_usage_events_month_operator_party'), 'usage_events', ['month', 'operator', 'party'])
    op.create_table(
        'settlements',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('key', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('month', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('lines', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('total', EXACT(), autoincrement=False, nullable=False),
        sa.Column('corrects', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_settlements')),
        sa.UniqueConstraint('operator', 'number', name=op.f('uq_settlements_operator_number')),
        sa.UniqueConstraint('key', name=op.f('uq_settlements_key')),
    )
    op.create_index(op.f('ix_settlements_party'), 'settlements', ['party'])
    op.create_index(op.f('ix_settlements_month_operator'), 'settlements', ['month', 'operator'])
    op.create_index(op.f('ix_settlements_corrects'), 'settlements', ['corrects'])
    op.create_table(
        'numberings',
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('last', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('operator', name=op.f('pk_numberings')),
    )
    op.create_table(
        'disputes',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('settlement', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('answer', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('credit', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('due', sa.Date(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('answered_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_disputes')),
    )
    op.create_index(op.f('ix_disputes_party'), 'disputes', ['party'])
    op.create_index(op.f('ix_disputes_operator'), 'disputes', ['operator'])


def downgrade() -> None:
    op.drop_table('disputes')
    op.drop_table('numberings')
    op.drop_table('settlements')
    op.drop_index(op.f('ix_usage_events_month_operator_party'), 'usage_events')
    op.drop_column('usage_events', 'month')
    op.drop_column('usage_events', 'free')
