"""answers that wait for their exit review; answers to Idempotency-Keys by status"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment
WAITING = """
    INSERT INTO exit_waits (id, product, operator, finished_at)
    SELECT id, product, operator, finished_at FROM jobs
    WHERE kind = 'workspace' AND status = 'done' AND NOT EXISTS (
        SELECT 1 FROM exit_reviews JOIN jobs AS other ON other.id = exit_reviews.job
        WHERE other.party = jobs.party AND other.product = jobs.product AND other.base_key = jobs.base_key)
"""


def upgrade() -> None:
    op.create_table(
        'exit_waits',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('operator', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('finished_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_exit_waits')),
    )
    op.create_index(op.f('ix_exit_waits_product_finished_at'), 'exit_waits', ['product', 'finished_at'])
    op.execute(WAITING)
    op.drop_index('ix_idempotent_replies_created_at', table_name='idempotent_replies')
    op.create_index(
        op.f('ix_idempotent_replies_status_created_at'), 'idempotent_replies', ['status', 'created_at']
    )


def downgrade() -> None:
    op.drop_index('ix_idempotent_replies_status_created_at', table_name='idempotent_replies')
    op.create_index('ix_idempotent_replies_created_at', 'idempotent_replies', ['created_at'])
    op.drop_table('exit_waits')
