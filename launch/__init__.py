"""What the two commands at the root do: make environments, keep CEREBRUM alive, run all tests."""
