"""The examples of docs/python.md run in the order of the page."""

import contextlib
import io
import re
import sys

from tests.support.paths import ROOT

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_examples_of_the_page_print_what_it_says(millrace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = BLOCK.findall((ROOT / "docs" / "python.md").read_text())
    assert len(examples) == 3 and "millrace" in sys.modules
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for example in examples:
            exec(compile(example, "docs/python.md", "exec"), names)
    told = printed.getvalue()
    assert "'records': 3, 'items': 4, 'silver': 3, 'quarantined': 1" in told
    assert "1 [('purchase', 24.9), ('view', 19.9)]" in told or "1 [('view', 19.9), ('purchase', 24.9)]" in told
    assert "'orders': 1" in told and "[('o1', 2, Decimal('24.9000'))]" in told
