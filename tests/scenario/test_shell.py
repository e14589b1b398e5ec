"""Completions and manual pages, which follow from the command line's definition."""
import shutil
import subprocess

import pytest


def completed(shop, *words):
    """What bash offers for the last of these words, with the completions that the program prints."""
    script = shop.run("completions", "bash") + """
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_millrace
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(["bash", "-c", script, "bash", "millrace", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("words, offered", [
    (["qua"], ["quarantine"]), (["topic", "cr"], ["create"]), (["--log", "json", "topic", "cr"], ["create"]), (["show", "--la"], ["--last"]),
    (["run", "--dat"], ["--data"]), (["access", "add", "--role", ""], ["read", "admin"]), (["access", "add", "--role", "a"], ["admin"]),
    (["completions", ""], ["bash", "zsh", "fish"])])
def test_bash_completes_commands_options_and_their_values(shop, words, offered):
    found = completed(shop, *words)
    assert [each for each in found if not each.startswith("--") or words[-1].startswith("-")] == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_completions(shop, shell):
    script = shop.run("completions", shell)
    assert "quarantine" in script and "--" in script or "-l data" in script
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True).returncode == 0


def test_every_command_has_a_manual_page_that_groff_takes(shop):
    commands = [word for word in completed(shop, "") if not word.startswith("-")]
    assert {"run", "demo", "load", "topic"} <= set(commands)
    for command in [[], ["topic", "create"], *[[each] for each in commands]]:
        page = shop.run("man", *command)
        assert page.startswith(".TH") and ".SH NAME" in page
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tascii", "-ww"], input=page, capture_output=True, text=True)
            assert done.returncode == 0 and not done.stderr, (command, done.stderr)
    shop.run("man", "nope", code=2)
    assert "unknown command nope" in shop.stderr
