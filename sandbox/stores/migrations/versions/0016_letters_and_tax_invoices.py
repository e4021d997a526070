"""letters to the departments, numbers of tax invoices, published reports, units that a job may take at most"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'letters',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('year', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('about', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('content', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('written_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_letters')),
        sa.UniqueConstraint('year', 'number', name=op.f('uq_letters_year_number')),
    )
    op.create_index('ix_letters_operator', 'letters', ['operator'])
    op.create_table(
        'tax_invoices',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('settlement', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('month', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('code', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('number', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entered_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('withdrawn_at', MOMENT(), autoincrement=False, nullable=True),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_invoices')),
    )
    for columns in (['settlement'], ['month', 'party'], ['number']):
        op.create_index(f"ix_tax_invoices_{'_'.join(columns)}", 'tax_invoices', columns)
    op.add_column('yearly_reports', sa.Column('published', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('jobs', sa.Column('units', sa.BigInteger(), nullable=False, server_default='0'))


def downgrade() -> None:
    op.drop_column('jobs', 'units')
    op.drop_column('yearly_reports', 'published')
    op.drop_table('tax_invoices')
    op.drop_table('letters')
