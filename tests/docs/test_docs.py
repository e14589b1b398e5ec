"""Every command in README.md and docs/ runs as the page shows it, and does what the page says.

Each page is a terminal session (session.py), and several pages run at once. A block of commands that cannot run has a
mark on the line before it: <!-- not run: why -->.
"""

import concurrent.futures
import contextlib
import csv
import gzip
import json
import os
import pathlib
import re
import shutil
import sys

import pyarrow as pa
import pytest

from scripts import stack
from tests.docs import pages
from tests.docs.session import CommandFailed, Session
from tests.support import delta
from tests.support.events import event
from tests.support.paths import BUILD, FIXTURES
from tests.support.shop import Millrace

MARKED_NOT_RUN = 17
BEGIN_EMPTY = ("README.md", "docs/kafka.md")  # the other pages begin with a shop that has data in every layer
LANGUAGES = {"sh", "json", "python", "toml", "nginx", "html", "js", "text", ""}


def runnable(page):
    return [block for block in pages.blocks(page) if block.language == "sh" and not block.not_run]


PAGES_WITH_COMMANDS = [page for page in pages.PAGES if runnable(page)]
ALONE = [page for page in PAGES_WITH_COMMANDS if pages.name_of(page) not in ("docs/kafka.md", "docs/postgres.md")]


def write_named_files(directory):
    """Writes the data files that the pages name, each in its format."""
    rows = (FIXTURES / "rees46-small.csv").read_bytes()
    (directory / "2019-Oct.csv.gz").write_bytes(gzip.compress(rows))
    with open(directory / "events.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["timestamp", "visitorid", "event", "itemid", "transactionid"],
                [1433221332117, 257597, "view", 355908, ""],
                [1433224214164, 992329, "addtocart", 248676, ""],
                [1433222276276, 599528, "transaction", 356475, 4000],
            ]
        )
    with open(directory / "prices.csv", "w", newline="") as file:
        csv.writer(file).writerows([["product_id", "price"], [355908, 9.5], [248676, 12], [356475, 7.25]])
    lines = "".join(json.dumps(event(n, timestamp=f"2019-10-01T00:00:{n:02}Z")) + "\n" for n in range(30)).encode()
    (directory / "events.ndjson").write_bytes(lines)
    with pa.CompressedOutputStream(str(directory / "events.ndjson.zst"), "zstd") as file:
        file.write(lines)


@pytest.fixture(scope="module")
def full_shop(tmp_path_factory):
    """A shop with rows in every layer: two days of October 2019, with copies and invalid records."""
    shop = Millrace(tmp_path_factory.mktemp("shop") / "data")
    shop.run(
        "produce",
        "--seed",
        "7",
        "--rate",
        "max",
        "--count",
        "4000",
        "--start-time",
        "2019-10-01T00:00:00Z",
        "--span",
        "40h",
        "--duplicates",
        "1%",
        "--invalid",
        "4%",
    )
    shop.drain()
    shop.run("gold", "--available-now")
    shop.run("archive", "--available-now")
    assert shop.count("quarantine", "rule")["bad_price"] > 0
    return shop.data


class Machine:
    """A directory for a page's commands, with the files that the page names, and the program on the PATH."""

    def __init__(self, directory, page, full_shop, replaced=None):
        self.page = page
        self.directory = directory
        directory.mkdir(parents=True)
        write_named_files(directory)
        if pages.name_of(page) not in BEGIN_EMPTY:
            shutil.copytree(full_shop, directory / "data")
        (directory / "bin").mkdir()
        (directory / "bin" / "millrace").symlink_to(BUILD / "millrace")
        self.replaced = replaced
        self.port = stack.free_port()
        path = os.pathsep.join([str(directory / "bin"), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        self.environment = {
            **kept,
            "PATH": path,
            **{f"MILLRACE_{command}_PORT": str(self.port) for command in ("RUN", "SERVE", "DEMO", "LOAD")},
            "EDITOR": "true",
        }

    def read_out(self):
        """Runs the page's commands; returns the output of each."""
        with Session(self.directory, self.environment, self.port, self.replaced) as session:
            for block in runnable(self.page):
                out = None
                for place, command in block.commands():
                    out = session.run(place, command)
                    self.check_count(place, command, out)
                if block.shown:
                    check_shown(block.shown, out or "")
        return session.outputs

    def check_count(self, place, command, out):
        """Checks that `millrace count` of a table gives the number of rows that delta-rs counts."""
        counted = re.match(r"millrace count (silver|quarantine|archive|gold\.\w+)", command)
        if not counted:
            return
        table = self.directory / "data" / counted[1].replace(".", "/")
        expected = delta.rows(table, ["day" if counted[1].startswith("gold") else "partition"]).num_rows
        total = sum(row["rows"] for row in json.loads(out)["rows"]) if "--json" in command else sum(numbers_of(out))
        assert total == expected, f"{place}: {command}\n{out}\nbut delta-rs counts {expected}"


def numbers_of(text):
    """The whole numbers at the ends of lines."""
    return [int(number.replace(",", "")) for number in re.findall(r"(?<![\w.])([\d,]+)[ |│]*$", text, re.M)]


def check_shown(block, out):
    """Checks the output that a page shows: the JSON must be the same, and text may differ in numbers only."""
    if block.language == "json":
        assert json.loads(out) == json.loads(block.text), (
            f"{block.place}: the page shows\n{block.text}\nbut the output is\n{out}"
        )
        return
    shape = [re.escape(re.sub(r"[\d.,:]*\d", "0", " ".join(line.split()))) for line in block.text.splitlines()]
    pattern = "\n".join("(?:.*\n)*?.*" if line == "…" else line for line in shape)
    normal = "\n".join(re.sub(r"[\d.,:]*\d", "0", " ".join(line.split())) for line in out.splitlines())
    assert re.search(pattern, normal), f"{block.place}: the page shows\n{block.text}\nbut the output is\n{out}"


@pytest.fixture(scope="module")
def read_pages(request, full_shop, tmp_path_factory):
    """Runs the sessions of the chosen pages; maps each page to the future of its outputs."""
    chosen = {
        item.callspec.params["page"]
        for item in request.session.items
        if getattr(item, "callspec", None) and item.originalname == "test_a_page_s_commands_work"
    }
    root = tmp_path_factory.mktemp("pages")
    with contextlib.ExitStack() as closing:
        pool = closing.enter_context(concurrent.futures.ThreadPoolExecutor(max_workers=4))
        longest_first = sorted(chosen, key=lambda page: pages.name_of(page) != "README.md")
        yield {
            page: pool.submit(Machine(root / pages.name_of(page).replace("/", "-"), page, full_shop).read_out)
            for page in longest_first
        }


@pytest.mark.parametrize("page", ALONE, ids=pages.name_of)
def test_a_page_s_commands_work(read_pages, page):
    failure = read_pages[page].exception()
    if isinstance(failure, CommandFailed):
        pytest.fail(str(failure), pytrace=False)
    outputs = read_pages[page].result()
    check = CHECKS.get(pages.name_of(page))
    if check:
        check(outputs)


def output_of(outputs, start):
    """The output of the page's first command that begins with `start`."""
    found = [out for command, out in outputs if command.startswith(start)]
    assert found, f"the page has no command that begins with: {start}"
    return found[0]


def check_readme(outputs):
    """Another engine reads as many rows from the table as Millrace counts."""
    counted = {
        words[0]: int(words[-1].replace(",", ""))
        for words in (
            re.findall(r"[\w,]+", line)
            for line in output_of(outputs, "millrace count silver --by event_type").splitlines()
        )
        if len(words) == 2 and words[-1].replace(",", "").isdigit()
    }
    read = {
        words[0]: int(words[-1])
        for words in (re.findall(r"\w+", line) for line in output_of(outputs, "python3").splitlines())
        if len(words) == 2 and words[-1].isdigit()
    }
    assert counted == read and sum(read.values()) > 0


CHECKS = {"README.md": check_readme}


@pytest.mark.parametrize(
    "page", [page for page in PAGES_WITH_COMMANDS if pages.name_of(page) == "docs/kafka.md"], ids=pages.name_of
)
def test_a_page_s_commands_work_on_a_broker(kafka, full_shop, tmp_path, page):
    Machine(tmp_path / "page", page, full_shop, {"127.0.0.1:9092": f"127.0.0.1:{kafka.port}"}).read_out()


@pytest.mark.parametrize(
    "page", [page for page in PAGES_WITH_COMMANDS if pages.name_of(page) == "docs/postgres.md"], ids=pages.name_of
)
def test_a_page_s_commands_work_on_a_database(postgres, full_shop, tmp_path, page):
    Machine(tmp_path / "page", page, full_shop, {"127.0.0.1:5432": f"127.0.0.1:{postgres.port}"}).read_out()


def test_commands_that_are_not_run_are_few_and_say_why():
    marked = [block for page in pages.PAGES for block in pages.blocks(page) if block.not_run]
    told = "\n".join(f"{block.place}: {block.not_run}" for block in marked)
    print(told)
    assert len(marked) == MARKED_NOT_RUN, f"commands that no test runs are a decision: change MARKED_NOT_RUN\n{told}"
    assert all(block.language == "sh" for block in marked), told


def test_commands_stand_in_blocks_that_are_found():
    for page in pages.PAGES:
        for block in pages.blocks(page):
            assert block.language in LANGUAGES, f"{block.place}: say sh, or add {block.language!r} to LANGUAGES"
            if block.language in ("", "text"):
                assert not re.search(r"^(\$ )?(millrace [a-z]|curl |make [a-z-]+$)", block.text, re.M), (
                    f"{block.place}: commands, but no sh block"
                )


def test_links_between_pages_lead_somewhere():
    lost = []
    for page in pages.PAGES:
        for target, anchor in pages.links(page):
            if not target.exists() or (anchor and target.suffix == ".md" and anchor not in pages.anchors(target)):
                lost.append(f"{pages.name_of(page)}: {target}#{anchor}")
    assert not lost, "\n".join(lost)


def test_a_command_that_fails_is_named_with_its_page_and_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n```sh\ntrue\n\necho 'over\ntwo lines'; false   # fails\n```\n")
    (block,) = pages.blocks(page)
    (first, second) = block.commands()
    assert (first[1], second[1]) == ("true", "echo 'over\ntwo lines'; false   # fails")
    with (
        Session(tmp_path, dict(os.environ), 0) as session,
        pytest.raises(CommandFailed, match=r"page\.md:6: echo 'over\ntwo.*\nended with 1"),
    ):
        session.run(*first)
        session.run(*second)
