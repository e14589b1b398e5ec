#!/usr/bin/env python3
"""Writes what an installation has in its share/ folder beside the pages: installed_docs.py PROGRAM SHARE.

The manual pages and the completions come from the program itself. The licences are those of the software that a
package of Millrace contains: wheels, the pages' npm packages, and Debian's header-only libraries.
"""

import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WHEELS = ("pyarrow", "duckdb_cli", "crawler_user_agents")
HEADER_ONLY = ("libcereal-dev", "libcli11-dev", "libhowardhinnant-date-dev")  # Boost's licence asks for no notice
KEPT = ROOT / "deploy" / "licenses"  # the licences of packages that come without their licence
COMPLETIONS = {
    "bash": "bash-completion/completions/millrace",
    "fish": "fish/vendor_completions.d/millrace.fish",
    "zsh": "zsh/site-functions/_millrace",
}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def output(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True).stdout


def subcommands(program, command):
    """The names in the list of commands at the end of a help text."""
    text = output(program, *command, "--help").decode()
    listed = text.partition("\nCommands:\n")[2]
    return re.findall(r"^  ([a-z]+) ", listed, re.M)


def write_manual(program, folder, command=()):
    name = "-".join(("millrace", *command))
    write(folder / f"{name}.1.gz", gzip.compress(output(program, "man", *command), 9, mtime=0))
    for each in subcommands(program, command):
        write_manual(program, folder, (*command, each))


def licences_of_wheels():
    """The name of each bundled wheel, and its licence files."""
    for wheel in WHEELS:
        (info,) = ROOT.glob(f"build/venv/lib/python3*/site-packages/{wheel}-*.dist-info")
        name = wheel.removesuffix("_cli")
        yield name, sorted(info.glob("licenses/*")) or [KEPT / f"{name}.txt"]


def licences_of_pages():
    """The name of each npm package in the dashboard's pages, and its licence files."""
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    for place, package in packages.items():
        if not place or package.get("dev"):
            continue
        folder = ROOT / "web" / place
        files = [path for path in folder.glob("*") if re.match(r"(?i)licen[cs]e|notice", path.name) and path.is_file()]
        yield place.removeprefix("node_modules/").strip("@").replace("/", "-"), sorted(files)


def licences_of_headers():
    """The name of each header-only library that is compiled in, and Debian's record of its licence."""
    for package in HEADER_ONLY:
        yield package, [pathlib.Path("/usr/share/doc", package, "copyright")]


def write_licences(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, files in (*licences_of_wheels(), *licences_of_pages(), *licences_of_headers()):
        if not files or not all(path.exists() for path in files):
            sys.exit(f"installed_docs.py: the licence of {name} was not found")
        for path in files:
            suffix = "" if len(files) == 1 else f"-{path.stem.lower()}"
            shutil.copyfile(path, folder / f"{name}{suffix}.txt")


def main():
    program, share = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    write_manual(program, share / "man" / "man1")
    for shell, place in COMPLETIONS.items():
        write(share / place, output(program, "completions", shell))
    write_licences(share / "doc" / "millrace" / "licenses")


if __name__ == "__main__":
    main()
