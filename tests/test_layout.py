"""Test modules share code through tests/support only, so that each can be read, moved and run alone."""

import ast

from tests.support.paths import ROOT


def imported_modules(path):
    """(line, module) of a file's imports, as absolute names; `from a import b` may import the module a.b."""
    package = path.parent.relative_to(ROOT).parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(
                [*package[: len(package) + 1 - node.level], node.module or ""] if node.level else [node.module]
            )
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)


def test_no_module_imports_a_test_module_or_a_conftest():
    wrong = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for line, module in imported_modules(path):
            if any(part == "conftest" or part.startswith("test_") for part in module.split(".")):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not wrong, "shared code belongs into tests/support, fixtures into conftest.py:\n" + "\n".join(wrong)
