"""The built-in teacher: a seeded caregiver made of written sentences and a small grammar. Not a language model."""

from .engine import Tutor
from .topics import TutorData

__all__ = ["Tutor", "TutorData"]
