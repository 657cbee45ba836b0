"""Run by Alembic inside the transaction that `resound.store.database` opened."""

from alembic import context

from resound.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
