#!/usr/bin/env python3
"""Checks the Markdown files: check_docs.py [FILE…], by default all that git knows.

A relative link must lead to a file, and its anchor to a heading there. A source that a text names by its folder must
exist, unless the text tells the past, as decisions and the changelog do. A line has at most 100 columns; tables, code
and what cannot be broken, such as a link's address, may be longer.
"""

import functools
import pathlib
import re
import subprocess
import sys
import unicodedata
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_COLUMNS = 100
FENCE = re.compile(r"\s*(```+|~~~+)")
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
LINK = re.compile(r"\[(?:[^][]|\[[^]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[[^]]+\]:\s*(\S+)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$")
SOURCE = re.compile(r"`([a-z0-9_]+(?:/[a-z0-9_.]+)*/[a-z0-9_.]+\.(?:h|cc|cmake|tsx?|py|sh|sql))`")
OF_THE_PAST = ("docs/adr/", "CHANGELOG.md")
ID = re.compile(r"<\w+[^>]*\b(?:id|name)=\"([^\"]+)\"")


def prose(text):
    """The lines outside code blocks, as (number, line)."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := FENCE.match(line):
            if fence is None:
                fence = match[1]
            elif match[1].startswith(fence):
                fence = None
        elif fence is None:
            yield number, line


def slug(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    kept = (c for c in text if c in "-_ " or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


@functools.cache
def anchors(path):
    """The anchors of a Markdown file. A heading that stands there again has a number after it."""
    found, seen = set(), {}
    for _, line in prose(path.read_text()):
        found.update(ID.findall(line))
        if heading := HEADING.match(line):
            name = slug(heading[1])
            seen[name] = seen.get(name, -1) + 1
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
    return found


def broken(path, target):
    """Why a link of this file leads nowhere, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    place, _, anchor = target.partition("#")
    where = (path.parent / urllib.parse.unquote(place)).resolve() if place else path
    if not where.exists():
        return f"there is no {place}"
    if anchor and where.suffix == ".md" and anchor not in anchors(where):
        return f"{where.relative_to(ROOT)} has no heading #{anchor}"
    return None


def is_too_long(line):
    """Whether a line has more columns than it may, and a space to break it at."""
    if len(line) <= MAX_COLUMNS or line.lstrip().startswith(("|", "<!--")):
        return False
    text = line.lstrip("> \t")
    text = re.sub(r"^(?:[-*+]|\d+[.)]|#+)\s+(?:\[[ x]\]\s+)?", "", text)
    first = len(line) - len(text)
    return any(gap.start() <= MAX_COLUMNS for gap in re.finditer(r"\s", line) if gap.start() > first)


def links(text):
    """The targets of links, as (line, target). A link's text may go on in the next line."""
    lines = [(number, INLINE_CODE.sub(lambda code: "`" * len(code[0]), line)) for number, line in prose(text)]
    for number, line in lines:
        if definition := DEFINITION.match(line):
            yield number, definition[1]
    starts, joined = [], ""
    for number, line in lines:
        starts.append((len(joined), number))
        joined += line + "\n"
    for match in LINK.finditer(joined):
        yield max(number for start, number in starts if start <= match.start(1)), match[1]


def check(path):
    """What is wrong with a file, one message each."""
    text = path.read_text()
    name = path.relative_to(ROOT)
    for number, line in prose(text):
        if is_too_long(line):
            yield f"{name}:{number}: {len(line)} columns; break the line at {MAX_COLUMNS}"
        for source in SOURCE.findall(line) if not str(name).startswith(OF_THE_PAST) else ():
            if not any((ROOT / folder / source).exists() for folder in ("", "src")):
                yield f"{name}:{number}: there is no source {source}"
    for number, target in links(text):
        if reason := broken(path, target):
            yield f"{name}:{number}: the link to {target} is broken: {reason}"


def main():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = sys.argv[1:] or listed.split()
    wrong = [message for name in names for message in check((ROOT / name).resolve())]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"lint: links, anchors, sources and line lengths are right in {len(names)} Markdown files")


if __name__ == "__main__":
    main()
