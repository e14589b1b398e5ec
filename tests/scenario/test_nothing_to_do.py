"""A command that has nothing to do says what to do first, and creates nothing."""

import pytest


@pytest.mark.parametrize(
    "words, next_step",
    [
        (["silver", "--available-now"], "millrace produce"),
        (["gold", "--available-now"], "millrace silver --available-now"),
    ],
)
def test_a_command_with_nothing_to_do_leaves_an_empty_directory_alone(shop, words, next_step):
    out = shop.run(*words)
    assert out.startswith("nothing to do: ") and next_step in out and out.count("\n") == 1
    assert not shop.data.exists()
    assert shop.run(*words, "--json") == "" and not shop.data.exists()


def test_days_of_nothing_are_not_recomputed(shop):
    assert "millrace silver --available-now" in shop.run("gold", "--batch")
    assert shop.json("gold", "--batch")["rows"] == 0 and not shop.data.exists()


def test_a_rebuild_of_nothing_leaves_the_tables_unmade(shop):
    shop.run("replay", code=2)
    assert "millrace produce" in shop.stderr and not shop.data.exists()
    shop.run("topic", "create")
    assert "nothing to do" in shop.run("replay")
    assert not (shop.data / "silver").exists() and not (shop.data / "millrace.json").exists()
