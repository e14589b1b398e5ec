"""Shells accept the completions, and `man` the manual pages; both are made of the command line's definition."""

import os
import re
import shutil
import subprocess

import pytest

from tests.support.shop import Millrace

ASK_BASH = """COMPREPLY=(); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "${COMPREPLY[@]}\""""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return Millrace(tmp_path_factory.mktemp("shop") / "data")


@pytest.fixture(scope="module")
def complete(program):
    """The completions that bash offers for the last of these words."""
    script = program.run("completions", "bash")

    def offers(*words):
        done = subprocess.run(
            ["bash", "-uc", f"{script}\n{ASK_BASH}", "ask", "millrace", *words], capture_output=True, text=True
        )
        assert done.stderr == ""
        return set(done.stdout.split())

    return offers


def commands_of(program, *path):
    """The subcommands of a command, from its help."""
    _, _, listed = program.run(*path, "--help").partition("\nCommands:\n")
    return re.findall(r"^  ([a-z-]+) ", listed, re.M)


def all_commands(program):
    for command in commands_of(program):
        yield (command,)
        yield from ((command, each) for each in commands_of(program, command))


def test_bash_completes_commands_options_and_values(complete):
    assert complete("sh") == {"show"}
    assert {"create", "delete", "list", "read", "write"} <= complete("topic", "")
    assert complete("topic", "create", "--comp") == {"--compression"}
    assert complete("topic", "create", "--compression", "") == {"none", "lz4", "zstd"}
    assert complete("topic", "create", "--compression", "=", "l") == {"lz4"}
    assert complete("show", "gold.k") == {"gold.kpis"}
    assert complete("quarantine", "list", "--rule", "bad_p") == {"bad_price"}
    assert complete("help", "va") == {"vacuum"}
    assert complete("--log", "json", "topic", "cr") == {"create"}
    assert complete("access", "add", "--role", "a") == {"admin"}
    assert complete("completions", "") == {"bash", "zsh", "fish"}


def test_bash_offers_an_option_only_where_it_may_stand(complete):
    assert complete("--dat") == {"--data"}
    assert complete("run", "--dat") == set()


def test_bash_takes_a_value_for_no_command(complete):
    assert complete("--data", "topic", "sh") == {"show"}
    assert complete("--data", "=", "topic", "sh") == {"show"}
    assert complete("--data", "") == set(), "bash completes the folder itself"
    assert complete("import", "") == set()


def test_bash_completes_every_option_of_every_command(program, complete):
    for path in [(), *all_commands(program)]:
        listed = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", program.run(*path, "--help"), re.M))
        assert complete(*path, "--") == listed, path


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_takes_its_script(program):
    done = subprocess.run(["zsh", "-n"], input=program.run("completions", "zsh"), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_completes_commands_and_values(program):
    def offers(line):
        script = program.run("completions", "fish") + f"\ncomplete -C '{line}'"
        return {
            row.split("\t")[0]
            for row in subprocess.run(
                ["fish", "-c", script], capture_output=True, text=True, check=True
            ).stdout.splitlines()
        }

    assert offers("millrace sh") == {"show"}
    assert offers("millrace topic create --compression ") == {"none", "lz4", "zstd"}
    assert "create" in offers("millrace topic ")


def lint(page):
    """The complaints of mandoc, or of groff where mandoc is missing."""
    command = ["mandoc", "-Tlint", "-Werror"] if shutil.which("mandoc") else ["groff", "-man", "-Tutf8", "-ww", "-z"]
    done = subprocess.run([*command, page], capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.skipif(not (shutil.which("mandoc") or shutil.which("groff")), reason="there is neither mandoc nor groff")
def test_every_command_has_a_manual_page_that_is_sound(program, tmp_path):
    page = tmp_path / "page.1"
    for path in [(), *all_commands(program)]:
        page.write_text(program.run("man", *path))
        assert lint(page) == "", path


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man")
def test_man_shows_a_page(program, tmp_path):
    page = tmp_path / "millrace-vacuum.1"
    page.write_text(program.run("man", "vacuum"))
    done = subprocess.run(
        ["man", "-l", page],
        capture_output=True,
        text=True,
        env={**os.environ, "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""},
    )
    shown = re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout)
    assert "millrace-vacuum - Remove files that the tables no longer name." in shown
    assert "--retention DURATION" in shown and "MILLRACE_VACUUM_RETENTION" in shown


def test_an_unknown_shell_or_page_is_an_error(program):
    program.run("completions", "tcsh", code=2)
    assert "shell must be bash, zsh or fish, not tcsh" in program.stderr
    program.run("man", "topic", "crate", code=2)
    assert "unknown command topic crate; did you mean topic create?" in program.stderr
