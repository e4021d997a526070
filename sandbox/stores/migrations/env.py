"""Alembic's entry: migrates through the engine that the store hands over."""

from alembic import context

from sandbox.stores.tables import METADATA

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
