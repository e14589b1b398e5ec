"""A data set is imported once, however often the command runs."""

import json

from tests.support import oracle
from tests.support.paths import FIXTURES


def test_a_data_set_is_imported_once_however_often(shop):
    for round in (1, 2):
        out = shop.run("import", "--format", "rees46", FIXTURES / "rees46-small.csv")
        assert "1 item to be quarantined as bad_row; the first one ends in line 10" in out
        assert "1 item to be quarantined as bad_price" in out
        shop.drain()
        assert shop.count("silver") == 7
        assert shop.count("quarantine") == 2 * round
        shop.verify()
    assert shop.count("silver", "event_type") == {"add_to_cart": 1, "purchase": 1, "view": 5}


def test_the_real_sample_gives_its_known_numbers(shop, sample):
    for round in (1, 2):
        shop.run("import", "--format", "rees46", sample)
        report = json.loads(shop.drain("--json").splitlines()[-1])
        assert report["received"] == 17435
        assert (report["silver"], report["duplicates"]) == ((17415, 0) if round == 1 else (0, 17415))
        assert report["quarantined"] == 20
        shop.verify()
    rows = oracle.silver_sql(shop.data, "select event_type, count(*) from {silver} group by 1 order by 1")
    assert rows == [("add_to_cart", 165), ("purchase", 214), ("view", 17036)]
    counts = oracle.silver_sql(
        shop.data,
        "select count(distinct user_id), count(distinct session_id), count(*) filter (is_high_value) from {silver}",
    )
    assert counts == [(4500, 5061, 2886)]
