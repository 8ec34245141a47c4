"""What the service remembers: one database, SQLite or PostgreSQL."""
