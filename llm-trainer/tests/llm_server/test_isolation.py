"""The LLM server knows nothing of the learner it speaks to, nor of sessions."""

from __future__ import annotations

import ast
from pathlib import Path

import llm_trainer.llm_server

HOME = Path(llm_trainer.llm_server.__file__).parent
TEXTS = [path for path in HOME.rglob("*") if path.suffix in (".py", ".txt", ".json", ".md", ".toml", ".yaml")]


def test_no_file_of_it_names_the_learner_or_its_port() -> None:
    assert len(TEXTS) > 15
    for path in TEXTS:
        text = path.read_text("utf-8").casefold()
        assert "cerebrum" not in text, path
        assert "8000" not in text, path


def test_it_imports_neither_sessions_nor_middleware() -> None:
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith(("llm_trainer.session", "llm_trainer.middleware", "llm_trainer.cli")), path
