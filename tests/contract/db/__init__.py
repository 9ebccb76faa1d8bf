"""What a database promises, on SQLite and PostgreSQL alike."""
