"""The ways to reach a model, or something that speaks like one: one file each behind ``base.Backend``."""
