"""authorisation, review and persons"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.add_column('grants', sa.Column('decision', sa.JSON(), nullable=True))
    op.add_column('grants', sa.Column('volume', sa.BigInteger(), nullable=True))
    op.add_column('grants', sa.Column('rights', sa.JSON(), nullable=True))
    op.add_column('grants', sa.Column('predecessor', sa.Text(), nullable=True))
    op.add_column('subscriptions', sa.Column('agreement', sa.Text(), nullable=True))
    op.add_column('subscriptions', sa.Column('proof', sa.JSON(), nullable=True))
    op.add_column('subscriptions', sa.Column('places', sa.JSON(), nullable=True))
    op.add_column('subscriptions', sa.Column('reason', sa.Text(), nullable=True))
    op.add_column('subscriptions', sa.Column('decided_at', MOMENT(), nullable=True))
    op.add_column('products', sa.Column('maker', sa.Text(), nullable=True))
    op.create_table(
        'grant_changes',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('grant', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('before', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('after', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_grant_changes')),
    )
    op.create_index(op.f('ix_grant_changes_grant'), 'grant_changes', ['grant'])
    op.create_table(
        'attachments',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('title', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('digest', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('note', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kept_until', sa.Date(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_attachments')),
    )
    op.create_index(op.f('ix_attachments_subject'), 'attachments', ['subject'])
    op.create_table(
        'credit_entries',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('about', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('until', sa.Date(), autoincrement=False, nullable=True),
        sa.Column('plea', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('evidence', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('decided_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('decision', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('decided_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_entries')),
    )
    op.create_index(op.f('ix_credit_entries_party'), 'credit_entries', ['party'])
    op.create_table(
        'refusals',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('action', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subscription', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('policy', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('policies', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('facts', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_refusals')),
    )
    op.create_index(op.f('ix_refusals_party'), 'refusals', ['party'])
    op.create_index(op.f('ix_refusals_product'), 'refusals', ['product'])
    op.create_table(
        'policy_versions',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('digest', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('text', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('note', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('activated_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('activated_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_policy_versions')),
        sa.UniqueConstraint('number', name=op.f('uq_policy_versions_number')),
    )
    op.create_index(op.f('ix_policy_versions_status'), 'policy_versions', ['status'])
    op.create_table(
        'reviews',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('spec_digest', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('verdict', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('checklist', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('warnings', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('documents', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('note', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reviewer', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('policy', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews')),
    )
    op.create_index(op.f('ix_reviews_product'), 'reviews', ['product'])
    op.create_table(
        'identifications',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('method', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('ended_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_identifications')),
    )
    op.create_index(op.f('ix_identifications_party'), 'identifications', ['party'])
    op.create_index(op.f('ix_identifications_subject'), 'identifications', ['subject'])
    op.create_table(
        'consents',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('recipient', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('purpose', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('sensitive', sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column('form', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('identity_proof', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('guardian', sa.JSON(), autoincrement=False, nullable=True),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('expires_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('withdrawn_at', MOMENT(), autoincrement=False, nullable=True),
        sa.Column('withdrawn_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')),
    )
    op.create_index(op.f('ix_consents_recipient'), 'consents', ['recipient'])
    op.create_index(op.f('ix_consents_subject_recipient'), 'consents', ['subject', 'recipient'])
    op.create_table(
        'inquiries',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('recipient', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('product', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('purpose', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('basis', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inquiries')),
    )
    op.create_index(op.f('ix_inquiries_at'), 'inquiries', ['at'])
    op.create_index(op.f('ix_inquiries_subject'), 'inquiries', ['subject'])
    op.create_table(
        'person_requests',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('resource', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('text', sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('answer', sa.LargeBinary(), autoincrement=False, nullable=True),
        sa.Column('answered_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('due', sa.Date(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('answered_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_person_requests')),
    )
    op.create_index(op.f('ix_person_requests_resource'), 'person_requests', ['resource'])
    op.create_index(op.f('ix_person_requests_subject'), 'person_requests', ['subject'])
    op.create_index(op.f('ix_jobs_grant_status'), 'jobs', ['grant', 'status'])


def downgrade() -> None:
    op.drop_index(op.f('ix_jobs_grant_status'), 'jobs')
    op.drop_table('person_requests')
    op.drop_table('inquiries')
    op.drop_table('consents')
    op.drop_table('identifications')
    op.drop_table('reviews')
    op.drop_table('policy_versions')
    op.drop_table('refusals')
    op.drop_table('credit_entries')
    op.drop_table('attachments')
    op.drop_table('grant_changes')
    op.drop_column('products', 'maker')
    op.drop_column('subscriptions', 'decided_at')
    op.drop_column('subscriptions', 'reason')
    op.drop_column('subscriptions', 'places')
    op.drop_column('subscriptions', 'proof')
    op.drop_column('subscriptions', 'agreement')
    op.drop_column('grants', 'predecessor')
    op.drop_column('grants', 'rights')
    op.drop_column('grants', 'volume')
    op.drop_column('grants', 'decision')
