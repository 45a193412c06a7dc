"""The service on port 8002: runs sessions between teacher and learner, keeps the record, shows it."""
