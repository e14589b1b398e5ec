"""`millrace show` lists the newest rows first."""

from tests.support.events import line


def at(hour, minute):
    return f"2019-10-01T{hour:02}:{minute:02}:00Z"


def test_the_newest_rows_come_first_however_the_files_lie(shop):
    """Three batches, of which the second has the newest events and the third the oldest; then they are joined."""
    for number, hour in ((0, 10), (100, 20), (200, 5)):
        shop.write(*(line(number + minute, timestamp=at(hour, minute)) for minute in range(10)))
        shop.drain()
    for _ in range(2):
        shown = shop.json("show", "silver", "--limit", "12")["rows"]
        assert [row["event_timestamp"] for row in shown] == [at(20, m) for m in range(9, -1, -1)] + [
            at(10, 9),
            at(10, 8),
        ]
        recent = shop.json("show", "silver", "--last", "605m", "--limit", "100")["rows"]
        assert [row["event_timestamp"] for row in recent] == [at(20, m) for m in range(9, -1, -1)] + [
            at(10, m) for m in range(9, 3, -1)
        ]
        assert [
            row["event_timestamp"] for row in shop.json("show", "silver", "--last", "605m", "--limit", "3")["rows"]
        ] == [at(20, 9), at(20, 8), at(20, 7)]
        shop.run("optimize")


def test_rows_of_one_time_come_by_their_place_in_the_log_last_first(shop):
    shop.run("topic", "create", "--partitions", "1")
    for number in range(5):
        shop.write(line(number, price=-1), line(10 + number))
        shop.drain()
    assert [row["event_id"] for row in shop.json("show", "silver", "--limit", "3")["rows"]] == ["e14", "e13", "e12"]
    offsets = [
        int(row["position"].rsplit("/", 1)[1]) for row in shop.json("quarantine", "list", "--limit", "3")["rows"]
    ]
    assert offsets == [8, 6, 4]
    assert [row["offset"] for row in shop.json("show", "bronze", "--limit", "3")["rows"]] == [9, 8, 7]


def test_as_many_records_are_shown_as_were_asked_for_whatever_the_partitions(shop):
    shop.write(*(line(number) for number in range(50)))
    rows = shop.json("show", "bronze", "--limit", "20")["rows"]
    assert len(rows) == 20 and [row["timestamp"] for row in rows] == sorted(
        (row["timestamp"] for row in rows), reverse=True
    )


def test_gold_s_newest_windows_come_first(shop):
    shop.write(*(line(number, timestamp=at(8 + number, 0)) for number in range(6)))
    shop.drain()
    shop.run("gold", "--available-now", "--close")
    starts = [row["window_start"] for row in shop.json("show", "gold.kpis", "--limit", "5")["rows"]]
    assert starts == sorted(starts, reverse=True) and starts[0] == at(13, 0)
