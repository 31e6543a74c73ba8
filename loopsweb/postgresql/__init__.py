"""Django's PostgreSQL backend, with a limit to how long a statement is waited for."""
