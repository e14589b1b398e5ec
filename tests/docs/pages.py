"""The documentation's pages: their fenced blocks, the commands in the blocks, and the links."""

import dataclasses
import os
import pathlib
import re
import subprocess

from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")
LINK = re.compile(r"\]\(([^()\s]+)\)")


def name_of(page):
    return os.path.relpath(page, ROOT)


@dataclasses.dataclass
class Block:
    page: pathlib.Path
    line: int  # the line of the opening fence
    language: str
    text: str
    not_run: str | None  # the reason, from the line before the fence
    shown: "Block | None" = None  # the output, from the block that follows directly

    @property
    def place(self):
        return f"{name_of(self.page)}:{self.line}"

    def commands(self):
        """(page:line, command) of each. A command ends with the line that closes its quotes and here-documents."""
        pending, first = "", self.line
        for number, text in enumerate(self.text.splitlines(), self.line + 1):
            if not pending and (not text.strip() or text.lstrip().startswith("#")):
                continue
            first = first if pending else number
            pending += text + "\n"
            if not is_open(pending):
                yield f"{name_of(self.page)}:{first}", pending.rstrip("\n")
                pending = ""
        assert not pending, f"{name_of(self.page)}:{first}: the command does not end"


def is_open(command):
    checked = subprocess.run(["bash", "-n", "-c", command], capture_output=True)
    return checked.returncode != 0 or checked.stderr != b"" or command.rstrip("\n").endswith("\\")


def blocks(page):
    """The page's fenced blocks, in order."""
    lines = page.read_text().splitlines()
    found, start, last_end = [], None, None
    for index, text in enumerate(lines):
        if not text.startswith("```"):
            continue
        if start is None:
            start = index
            continue
        mark = NOT_RUN.fullmatch(lines[start - 1].strip()) if start else None
        found.append(
            Block(page, start + 1, lines[start][3:].strip(), "\n".join(lines[start + 1 : index]), mark and mark[1])
        )
        follows_directly = len(found) > 1 and not "".join(lines[last_end + 1 : start]).strip()
        if follows_directly and found[-2].language == "sh" and found[-1].language in ("json", "text"):
            found[-2].shown = found[-1]
        start, last_end = None, index
    assert start is None, f"{name_of(page)}:{start + 1}: the block does not end"
    return found


def prose(page):
    """The page's text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)


def anchors(page):
    """The anchors that GitHub makes of the page's headings."""
    made = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower())
        made.add(plain.strip().replace(" ", "-"))
    return made


def links(page):
    """(target, anchor) of the page's links to files in the repository."""
    for address in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", address):
            path, _, anchor = address.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor
