"""CEREBRUM over HTTP."""
