"""Language models: how likely what was heard, or might be said, is after what came before."""

from cerebrum.models.fluency import Fluency
from cerebrum.models.meter import Meter
from cerebrum.models.model import LanguageModel, Measured, Tokens
from cerebrum.models.state import State

__all__ = ["Fluency", "LanguageModel", "Measured", "Meter", "State", "Tokens"]
