"""agreements on shares of revenue; yearly reviews, cycles and reports"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'share_agreements',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('since', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('parts', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('data_cost', EXACT(), autoincrement=False, nullable=False),
        sa.Column('basis', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('set_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_share_agreements')),
        sa.UniqueConstraint('product', 'number', name=op.f('uq_share_agreements_product_number')),
    )
    op.create_table(
        'yearly_reviews',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('year', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('ceilings', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('permitted', EXACT(), autoincrement=False, nullable=False),
        sa.Column('settled', EXACT(), autoincrement=False, nullable=False),
        sa.Column('outside', EXACT(), autoincrement=False, nullable=False),
        sa.Column('who', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('guidance', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('outcome', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('closed_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_yearly_reviews')),
        sa.UniqueConstraint('operator', 'year', name=op.f('uq_yearly_reviews_operator_year')),
    )
    op.create_table(
        'price_cycles',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('first', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('last', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('carry_over', EXACT(), autoincrement=False, nullable=True),
        sa.Column('parts', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('closed_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_price_cycles')),
        sa.UniqueConstraint('operator', 'number', name=op.f('uq_price_cycles_operator_number')),
    )
    op.create_table(
        'yearly_reports',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('year', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('content', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('filed_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_yearly_reports')),
        sa.UniqueConstraint('operator', 'year', 'number', name=op.f('uq_yearly_reports_operator_year_number')),
    )


def downgrade() -> None:
    op.drop_table('yearly_reports')
    op.drop_table('price_cycles')
    op.drop_table('yearly_reviews')
    op.drop_table('share_agreements')
