"""The program documents itself, and the pages show the same texts."""

import subprocess

from tests.support.paths import ROOT


def test_help_names_every_command_and_option(shop):
    out = shop.run("--help")
    for command in (
        "demo",
        "load",
        "run",
        "serve",
        "produce",
        "import",
        "silver",
        "archive",
        "verify",
        "topic",
        "group",
        "show",
        "count",
        "quarantine",
        "optimize",
        "vacuum",
        "replay",
    ):
        assert command in out
        assert "--" in shop.run(command, "--help")


def test_help_is_there_for_a_command_and_without_one(shop):
    assert shop.run("help", "topic", "create") == shop.run("topic", "create", "--help")
    assert shop.run("help") == shop.run("--help")
    for words in ([], ["topic"]):
        done = subprocess.run([shop.binary, *words], capture_output=True, text=True)
        assert done.returncode == 2 and done.stdout == ""
        assert done.stderr.startswith(f"Usage: {' '.join(['millrace', *words])} ") and "Commands:" in done.stderr


def test_the_command_pages_show_today_s_help():
    done = subprocess.run([ROOT / "scripts" / "help_pages.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
