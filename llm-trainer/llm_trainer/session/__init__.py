"""What to say next, when, and what a session is: pure decisions, no I/O."""
