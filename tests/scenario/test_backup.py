"""A backup is a whole shop of one moment, whatever goes on meanwhile, and what was restored goes on exactly once."""

from tests.support import gold_oracle, oracle
from tests.support.events import event, lines
from tests.support.kills import kill_at
from tests.support.port import metric
from tests.support.shop import Millrace, wait_until


def test_backups_of_a_running_shop_are_whole_and_go_on_exactly_once(run, shop, shop_at):
    server = run("--rate", "300", "--duration", "2m", "--gold-trigger", "1s", "--duplicates", "2%")
    made = []
    for number in range(5):
        wait_until(lambda rows=200 * (number + 1): metric(server, "millrace_silver_rows_total") > rows)
        report = shop.json("backup", shop.data.parent / f"backup{number}")
        assert report["verify"]["passed"] and report["linked"] > report["files"] / 2
        made.append(report["silver_version"])
    assert made == sorted(made) and made[0] < made[4], "the backups are of different moments"
    server.stop()
    for number in (0, 4):
        restored = shop_at(f"restored{number}")
        restored.run("restore", shop.data.parent / f"backup{number}")
        restored.write(*lines([event(n, timestamp="2026-05-01T10:00:00Z") for n in range(50)]))
        restored.drain()
        restored.run("gold", "--available-now", "--close")
        assert "rebuilding" not in restored.stderr
        oracle.check_exactly_once(restored.data)
        gold_oracle.check(restored.data)
        restored.verify()
    shop.verify()


def test_a_backup_does_not_change_with_its_shop(shop, shop_at):
    shop.run("produce", "--rate", "max", "--count", "3000", "--span", "2h")
    shop.drain()
    shop.run("gold", "--available-now")
    copy = shop.data.parent / "copy"
    assert "complete in" in shop.run("backup", copy)
    before = Millrace(copy).verify()
    shop.run("produce", "--rate", "max", "--count", "3000", "--span", "2h", "--seed", "8")
    shop.drain()
    shop.run("gold", "--available-now")
    shop.run("optimize")
    shop.run("vacuum", "--retention", "0s")
    assert Millrace(copy).verify() == before
    files = sorted(copy.rglob("*"))
    assert shop_at("restored").json("restore", copy)["verify"] == before
    assert sorted(copy.rglob("*")) == files, "a backup may lie on a disk that cannot be written"


def test_a_copy_appears_when_it_is_complete(shop_at):
    shop = shop_at("data", "millrace_crash")
    shop.run("produce", "--rate", "max", "--count", "200", "--span", "1h")
    shop.drain()
    target = shop.data.parent / "copy"
    assert kill_at(shop, ["backup", str(target)], "backup.copied", 1)
    assert not target.exists()
    shop.run("backup", target)
    assert Millrace(target).verify()
    assert not list(target.parent.glob(".copy*"))


def test_what_cannot_be_copied_is_refused_with_a_reason(shop, shop_at):
    shop.write(*lines([event(1)]))
    taken = shop.data.parent / "taken"
    taken.mkdir()
    (taken / "file").write_text("x")
    shop.run("backup", taken, code=2)
    assert "not an empty directory" in shop.stderr
    shop.run("restore", taken, code=2)
    assert "no backup" in shop.stderr
    shop.run("backup", taken.parent / "copy")
    shop.run("restore", taken.parent / "copy", code=2)
    assert "not an empty directory" in shop.stderr, "a shop is never overwritten"
    nothing = shop_at("nothing")
    nothing.run("backup", taken.parent / "other", code=2)
    assert "no such directory" in nothing.stderr
