#!/usr/bin/env python3
"""Puts the program's --help texts into docs/commands/*.md: help_pages.py [--check].

With --check it changes nothing, and fails when a page shows another text than the program.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MILLRACE = ROOT / os.environ.get("MILLRACE_BUILD", "build/release") / "millrace"
BLOCK = re.compile(
    r"```\n(?P<text>(?:(?!```).)*?^Usage: millrace (?P<command>[a-z ]+?) (?:\[OPTIONS\]|SUBCOMMAND)"
    r"(?:(?!```).)*?)\n*```",
    re.S | re.M,
)


def help_of(command):
    text = subprocess.run([MILLRACE, *command.split(), "--help"], check=True, capture_output=True, text=True).stdout
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def main():
    stale = []
    for page in sorted((ROOT / "docs" / "commands").glob("*.md")):
        before = page.read_text()
        after = BLOCK.sub(lambda block: f"```\n{help_of(block['command'])}\n```", before)
        if after == before:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv[1:]:
            page.write_text(after)
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"out of date: {', '.join(stale)}; run scripts/help_pages.py")


if __name__ == "__main__":
    main()
