"""people and sessions, tallies, two persons, drills, alerts, incidents, webhooks"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sandbox.stores.columns.Moment


def upgrade() -> None:
    op.create_table(
        'people',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('name', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('scopes', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('invitation', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('invited_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('invited_until', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('issuer', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
        sa.UniqueConstraint('issuer', 'subject', name=op.f('uq_people_issuer_subject')),
        sa.UniqueConstraint('invitation', name=op.f('uq_people_invitation')),
    )
    op.create_index('ix_people_party', 'people', ['party'])
    op.create_table(
        'sessions',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('person', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('seen_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('expires_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('ended_at', MOMENT(), autoincrement=False, nullable=True),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    )
    op.create_index('ix_sessions_expires_at', 'sessions', ['expires_at'])
    op.create_index('ix_sessions_person', 'sessions', ['person'])
    op.create_table(
        'tallies',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('subject', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('since', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('until', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_tallies')),
    )
    op.create_index('ix_tallies_kind_since', 'tallies', ['kind', 'since'])
    op.create_index('ix_tallies_until', 'tallies', ['until'])
    op.create_table(
        'secondings',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('action', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('path', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('digest', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('asked_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('asked_person', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('asked_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('until', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('seconded_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('seconded_person', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('seconded_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_secondings')),
    )
    op.create_index('ix_secondings_digest', 'secondings', ['digest'])
    op.create_index('ix_secondings_status', 'secondings', ['status'])
    op.create_table(
        'two_person_rules',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('action', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('needed', sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('since', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_two_person_rules')),
    )
    op.create_index('ix_two_person_rules_action', 'two_person_rules', ['action'])
    op.create_table(
        'drills',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('ordered_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('started_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_drills')),
    )
    op.create_table(
        'drill_echoes',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('drill', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('process', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_drill_echoes')),
    )
    op.create_index('ix_drill_echoes_drill', 'drill_echoes', ['drill'])
    op.create_table(
        'alerts',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('about', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('key', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('facts', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('first_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('last_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('acknowledged_by', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('acknowledged_at', MOMENT(), autoincrement=False, nullable=True),
        sa.Column('note', sa.Text(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts')),
        sa.UniqueConstraint('key', name=op.f('uq_alerts_key')),
    )
    op.create_index('ix_alerts_kind', 'alerts', ['kind'])
    op.create_index('ix_alerts_status', 'alerts', ['status'])
    op.create_table(
        'incidents',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('source', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('cause', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=True),
        sa.Column('summary', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('opened_by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('opened_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('closed_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents')),
    )
    op.create_index('ix_incidents_party', 'incidents', ['party'])
    op.create_index('ix_incidents_status', 'incidents', ['status'])
    op.create_table(
        'incident_steps',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('incident', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('kind', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('text', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('data', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('entry', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_steps')),
    )
    op.create_index('ix_incident_steps_incident', 'incident_steps', ['incident'])
    op.create_table(
        'webhooks',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('party', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('url', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('events', sa.JSON(), autoincrement=False, nullable=False),
        sa.Column('secret', sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks')),
    )
    op.create_index('ix_webhooks_party', 'webhooks', ['party'])
    op.create_table(
        'webhook_messages',
        sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('webhook', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('event', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('body', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('status', sa.Text(), autoincrement=False, nullable=False),
        sa.Column('attempts', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('answered', sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column('due_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('created_at', MOMENT(), autoincrement=False, nullable=False),
        sa.Column('delivered_at', MOMENT(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_messages')),
    )
    op.create_index('ix_webhook_messages_status_due_at', 'webhook_messages', ['status', 'due_at'])
    op.create_index('ix_webhook_messages_webhook', 'webhook_messages', ['webhook'])


def downgrade() -> None:
    op.drop_table('webhook_messages')
    op.drop_table('webhooks')
    op.drop_table('incident_steps')
    op.drop_table('incidents')
    op.drop_table('alerts')
    op.drop_table('drill_echoes')
    op.drop_table('drills')
    op.drop_table('two_person_rules')
    op.drop_table('secondings')
    op.drop_table('tallies')
    op.drop_table('sessions')
    op.drop_table('people')
