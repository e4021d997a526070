"""rate cards: tiers and allowances; usage by day and of months subscribed; spending limits"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment
DAY = {'sqlite': "strftime('%Y-%m-%d', at)", 'postgresql': "to_char(at, 'YYYY-MM-DD')"}
NUMBER = {
    'sqlite': "json_extract(data, '$.price_number')",
    'postgresql': "CAST(data ->> 'price_number' AS BIGINT)",
}


def upgrade() -> None:
    with op.batch_alter_table('usage_events') as batch:
        batch.alter_column('job', existing_type=sa.Text(), nullable=True)
        batch.add_column(sa.Column('fact', sa.Text(), nullable=True))
        batch.add_column(sa.Column('price_number', sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column('day', sa.Text(), nullable=False, server_default=''))
        batch.create_unique_constraint('uq_usage_events_fact', ['fact'])
    dialect = op.get_bind().dialect.name
    op.execute(f'UPDATE usage_events SET day = {DAY[dialect]}, price_number = {NUMBER[dialect]}')
    op.add_column('prices', sa.Column('allowance', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('prices', sa.Column('tiers', sa.JSON(), nullable=False, server_default='[]'))
    op.create_table(
        'meters',
        sa.Column('key', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('quantity', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_meters')),
    )
    op.create_table(
        'spending_limits',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subscription', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('key', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('yuan', EXACT(), autoincrement=False, nullable=False),
        sa.Column('changed_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_spending_limits')),
        sa.UniqueConstraint('key', name=op.f('uq_spending_limits_key')),
    )
    op.create_index('ix_spending_limits_party', 'spending_limits', ['party'])


def downgrade() -> None:
    op.drop_table('spending_limits')
    op.drop_table('meters')
    op.drop_column('prices', 'tiers')
    op.drop_column('prices', 'allowance')
    with op.batch_alter_table('usage_events') as batch:
        batch.drop_constraint('uq_usage_events_fact', type_='unique')
        batch.drop_column('day')
        batch.drop_column('price_number')
        batch.drop_column('fact')
