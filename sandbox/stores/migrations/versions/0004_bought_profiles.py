"""public profiles, bought from the budget"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'profiles',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('population', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('version', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('plan', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('rho', EXACT(), autoincrement=False, nullable=False),
        sa.Column('delta', EXACT(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('fence', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('content', sa.JSON(), autoincrement=False, nullable=True),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('finished_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_profiles')),
        sa.UniqueConstraint('resource', 'number', name=op.f('uq_profiles_resource_number')),
    )
    op.add_column('resources', sa.Column('profile', sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column('resources', 'profile')
    op.drop_table('profiles')
