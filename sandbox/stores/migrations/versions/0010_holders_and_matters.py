"""holders as parties, their conditions and consents; regradings; quality statements; objections and demands"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.add_column('resources', sa.Column('holder_party', sa.Text(), nullable=True))
    op.create_table(
        'regradings',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('before', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('after', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_regradings')),
    )
    op.create_index(op.f('ix_regradings_resource'), 'regradings', ['resource'])
    op.create_table(
        'quality_statements',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('version', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('grades', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quality_statements')),
    )
    op.create_index(op.f('ix_quality_statements_resource'), 'quality_statements', ['resource'])
    op.create_table(
        'resource_conditions',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('purposes', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('consent', sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column('text', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_resource_conditions')),
        sa.UniqueConstraint('resource', 'number', name=op.f('uq_resource_conditions_resource_number')),
    )
    op.create_table(
        'holder_consents',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('grant', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('holder', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('decided_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_holder_consents')),
        sa.UniqueConstraint('grant', 'resource', name=op.f('uq_holder_consents_grant_resource')),
    )
    op.create_index(op.f('ix_holder_consents_holder'), 'holder_consents', ['holder'])
    op.create_index(op.f('ix_holder_consents_resource'), 'holder_consents', ['resource'])
    op.create_table(
        'matters',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('holder', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('domain', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('text', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('answer', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('answered_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('due', sa.Date(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('answered_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_matters')),
    )
    op.create_index(op.f('ix_matters_holder'), 'matters', ['holder'])
    op.create_index(op.f('ix_matters_kind_status'), 'matters', ['kind', 'status'])
    op.create_index(op.f('ix_matters_party'), 'matters', ['party'])


def downgrade() -> None:
    op.drop_table('matters')
    op.drop_table('holder_consents')
    op.drop_table('resource_conditions')
    op.drop_table('quality_statements')
    op.drop_table('regradings')
    op.drop_column('resources', 'holder_party')
