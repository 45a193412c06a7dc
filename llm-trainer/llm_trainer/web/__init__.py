"""What both services of the trainer do alike at the door: who may knock, what may come in, how errors look, serving."""

from llm_trainer.ports import check_port_free
from llm_trainer.web.crowd import Crowd
from llm_trainer.web.door import BODY_LIMIT_BYTES, Door
from llm_trainer.web.problems import PROBLEM, add_problem_documents, bare_problem, problem
from llm_trainer.web.serving import check_url, serve

__all__ = [
    "BODY_LIMIT_BYTES",
    "PROBLEM",
    "Crowd",
    "Door",
    "add_problem_documents",
    "bare_problem",
    "check_port_free",
    "check_url",
    "problem",
    "serve",
]
