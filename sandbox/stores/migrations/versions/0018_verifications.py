"""claims about one subject, and what was taken of their limits"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment
DECIMAL = sandbox.stores.columns.ExactDecimal


def upgrade() -> None:
    op.create_table(
        'verifications',
        *(
            sa.Column(name, sa.Text(), autoincrement=False, nullable=False)
            for name in (
                'id', 'party', 'subscription', 'product', 'grant', 'operator', 'resource', 'version', 'purpose',
                'subject', 'claim',
            )
        ),
        sa.Column('asked', sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column('basis', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('permitted', sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('answer', sa.LargeBinary(), autoincrement=False, nullable=True),
        sa.Column('fee', DECIMAL(), autoincrement=False, nullable=False),
        sa.Column('free', sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column('price', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('units', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('decision', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('desk', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_verifications')),
    )
    for columns in (['status'], ['party'], ['entry'], ['grant', 'status']):
        op.create_index(f"ix_verifications_{'_'.join(columns)}", 'verifications', columns)
    op.create_table(
        'allowances',
        sa.Column('key', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('until', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_allowances')),
    )
    op.create_index('ix_allowances_until', 'allowances', ['until'])


def downgrade() -> None:
    op.drop_table('allowances')
    op.drop_table('verifications')
