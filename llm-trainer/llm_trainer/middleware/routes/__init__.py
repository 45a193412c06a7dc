"""The routes on port 8002, one file for each thing they are about."""
