"""Alembic's entry: migrates through the engine that the store hands over."""

from alembic import context

from sandbox.stores.tables import METADATA

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    # SQLite can take back what it defines, too, though alembic does not reckon with it: all migrations or none
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
