"""At least nine of ten public names have a docstring, and every module has one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAST = 0.9


def public_names(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, bool]]:
    """Each public class and function, methods included, and whether it has a docstring."""
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_"):
            continue
        name = f"{prefix}{child.name}"
        yield f"{name} (line {child.lineno})", ast.get_docstring(child) is not None
        if isinstance(child, ast.ClassDef):
            yield from public_names(child, f"{name}.")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "pivot").rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def test_every_module_has_a_docstring() -> None:
    missing = [path for path, tree in modules() if ast.get_docstring(tree) is None]
    assert not missing, f"{missing}: say in the first line what the module is for."


def test_nine_of_ten_public_names_have_a_docstring() -> None:
    found = [each for path, tree in modules() for each in public_names(tree, f"{path}: ")]
    missing = [name for name, documented in found if not documented]
    share = 1 - len(missing) / len(found)
    assert share >= LEAST, (
        f"{share:.1%} of {len(found)} public names have a docstring, want {LEAST:.0%}. Say what the "
        "signature cannot: units, shapes, errors, the source of a protocol fact. Missing:\n"
        + "\n".join(missing)
    )


def test_missing_docstrings_are_seen() -> None:
    tree = ast.parse('class A:\n    """Text."""\n    def b(self): ...\n    def _c(self): ...\ndef d(): ...\n')
    assert list(public_names(tree, "")) == [
        ("A (line 1)", True),
        ("A.b (line 3)", False),
        ("d (line 5)", False),
    ]
