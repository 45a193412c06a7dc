"""LLM Trainer: teaches a learner by conversation, over HTTP."""

__version__ = "0.1.0"
