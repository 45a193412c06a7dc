"""``doctor --isolation``: how far learner and trainer are apart, each guarantee with what was seen.

``seen`` looks at processes from outside, ``source`` at our own code, ``judging`` says what that proves. What was not
seen is unknown, and unknown is never a pass.
"""

from llm_trainer.cli.isolation.examining import examine_isolation

__all__ = ["examine_isolation"]
