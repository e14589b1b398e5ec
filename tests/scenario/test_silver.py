"""Silver has each valid event once, whoever writes it and whatever the log has lost."""


from tests.support import oracle
from tests.support.events import line
from tests.support.shop import stop, wait_until


def test_two_writers_at_once_add_nothing_twice(shop):
    shop.run("produce", "--rate", "max", "--count", "1000", "--duplicates", "5%")
    writers = [shop.start("silver", "--trigger", "0") for _ in range(2)]
    for _ in range(10):
        shop.run("produce", "--rate", "max", "--count", "3000", "--duplicates", "5%", "--invalid", "5%")
    wait_until(lambda: all(p["lag"] == 0 for p in shop.json("group", "describe")["partitions"]))
    for writer in writers:
        code, _, err = stop(writer)
        assert code == 0, err
    shop.verify()
    oracle.check_exactly_once(shop.data)


def test_optional_fields_that_are_empty_in_all_events_are_kept_so(shop):
    shop.write(line(1, session_id="", page_url=""), line(2, session_id="", page_url=""))
    shop.drain()
    assert oracle.silver_sql(shop.data, "SELECT DISTINCT session_id, page_url FROM {silver}") == [("", "")]
    shop.verify()


def test_records_removed_before_they_were_processed_end_the_stage_or_are_counted(shop):
    shop.run("topic", "create", "--partitions", "1", "--segment-bytes", "20000", "--retention-bytes", "60000")
    shop.run("produce", "--rate", "max", "--count", "50")
    shop.drain()
    for _ in range(6):
        shop.run("produce", "--rate", "20000", "--count", "100")
    start = shop.json("topic", "describe")["partitions"][0]["start"]
    assert start > 50
    shop.run("silver", "--available-now", code=3)
    assert f"{start - 50} records were removed" in shop.stderr and "--on-data-loss continue" in shop.stderr
    shop.drain("--on-data-loss", "continue")
    assert f"offsets 50 to {start - 1}" in shop.stderr
    assert shop.count("silver") == 650 - (start - 50)
    assert any(f"{start - 50} offsets had no record" in note for note in shop.verify()["notes"])
    shop.run("produce", "--rate", "max", "--count", "50")
    shop.drain()
    shop.verify()


def test_a_lost_log_is_an_error_never_a_silent_skip(shop):
    shop.write(line(1), line(2), line(3))
    shop.drain()
    describe = shop.json("topic", "describe")
    partition = next(p["partition"] for p in describe["partitions"] if p["end"] > 0)
    segment = next((shop.data / "bronze" / f"ecom_clickstream_raw-{partition}").glob("*.log"))
    original = segment.read_bytes()
    segment.write_bytes(original[:-10])
    shop.run("silver", "--available-now", code=3)
    assert "offset" in shop.stderr
