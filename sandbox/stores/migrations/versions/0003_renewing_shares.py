"""shares that renew, spending over life, raised caps, pure accounts"""

from alembic import op
import sqlalchemy as sa
import sandbox.stores.columns


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

EXACT, MOMENT = sandbox.stores.columns.ExactDecimal, sandbox.stores.columns.Moment
RENAMED = (('rho_total', 'loss_total'), ('rho_held', 'loss_held'), ('rho_spent', 'loss_spent'))
NOTHING = {'loss_before': '0.' + 18 * '0', 'delta_before': '0.' + 36 * '0'}


def upgrade() -> None:
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        for old, new in RENAMED:
            batch_op.alter_column(old, new_column_name=new)
        batch_op.add_column(sa.Column('pure', sa.Boolean(), nullable=False, server_default=sa.false()))
        for name, nothing in NOTHING.items():
            batch_op.add_column(sa.Column(name, EXACT(), nullable=False, server_default=nothing))
        batch_op.add_column(sa.Column('renew', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('counts_from', MOMENT(), nullable=True))
        batch_op.add_column(sa.Column('period', sa.BigInteger(), nullable=False, server_default='0'))
    with op.batch_alter_table('charges', schema=None) as batch_op:
        batch_op.alter_column('rho', new_column_name='loss')
        batch_op.add_column(sa.Column('period', sa.BigInteger(), nullable=False, server_default='0'))
    _fill()
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.alter_column('counts_from', existing_type=MOMENT(), nullable=False)
        for name in ('pure', 'period', *NOTHING):
            batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table('charges', schema=None) as batch_op:
        batch_op.alter_column('period', server_default=None)

    op.create_table('renewals',
    sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('account', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('period', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('began_at', MOMENT(), autoincrement=False, nullable=False),
    sa.Column('loss', EXACT(), autoincrement=False, nullable=False),
    sa.Column('delta', EXACT(), autoincrement=False, nullable=False),
    sa.Column('at', MOMENT(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_renewals'))
    )
    op.create_table('raises',
    sa.Column('id', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('account', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('epsilon_before', EXACT(), autoincrement=False, nullable=False),
    sa.Column('delta_before', EXACT(), autoincrement=False, nullable=False),
    sa.Column('epsilon', EXACT(), autoincrement=False, nullable=False),
    sa.Column('delta', EXACT(), autoincrement=False, nullable=False),
    sa.Column('reason', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('by', sa.Text(), autoincrement=False, nullable=False),
    sa.Column('at', MOMENT(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_raises'))
    )
    with op.batch_alter_table('raises', schema=None) as batch_op:
        batch_op.create_index('ix_raises_account', ['account'], unique=False)


def _fill() -> None:
    """Count the periods of shares from the day their population was opened, by what its registration declared."""
    accounts = sa.table('accounts', sa.column('id'), sa.column('population'), sa.column('party'), sa.column('renew'),
                        sa.column('counts_from', MOMENT()), sa.column('created_at', MOMENT()))
    resources = sa.table('resources', sa.column('population'), sa.column('entry', sa.JSON()))
    bound = op.get_bind()
    bound.execute(accounts.update().values(counts_from=accounts.c.created_at))
    each = bound.execute(sa.select(accounts.c.population, accounts.c.created_at).where(accounts.c.party == '*')).all()
    declared = {row.population: (row.entry.get('privacy') or {}).get('renew')
                for row in bound.execute(sa.select(resources.c.population, resources.c.entry)).all()}
    for population, opened_at in each:
        shares = accounts.update().where(accounts.c.population == population, accounts.c.party.is_not(None))
        bound.execute(shares.values(counts_from=opened_at, renew=declared.get(population)))


def downgrade() -> None:
    with op.batch_alter_table('raises', schema=None) as batch_op:
        batch_op.drop_index('ix_raises_account')
    op.drop_table('raises')
    op.drop_table('renewals')
    with op.batch_alter_table('charges', schema=None) as batch_op:
        batch_op.drop_column('period')
        batch_op.alter_column('loss', new_column_name='rho')
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        for name in ('pure', 'renew', 'counts_from', 'period', *NOTHING):
            batch_op.drop_column(name)
        for old, new in RENAMED:
            batch_op.alter_column(new, new_column_name=old)
