"""publications that recipients declare"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'publications',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('job', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('base', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('place', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('day', sa.Date(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_publications')),
    )
    op.create_index(op.f('ix_publications_job'), 'publications', ['job'])
    op.create_index(op.f('ix_publications_base'), 'publications', ['base'])


def downgrade() -> None:
    op.drop_table('publications')
