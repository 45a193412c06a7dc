"""CEREBRUM: a learner that starts empty and says only what it made from what it heard."""

__version__ = "0.1.0"
