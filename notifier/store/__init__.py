"""Keeping: the only floor that knows SQL. The same code runs on SQLite and on PostgreSQL."""
