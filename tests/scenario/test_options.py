"""Options come from flags, the environment and a file."""

from tests.support.events import line


def test_options_come_from_flags_environment_and_file(shop, tmp_path):
    config = tmp_path / "millrace.toml"
    config.write_text(f'data = "{shop.data}"\n[produce]\ncount = 30\nrate = "max"\n')
    shop.run("--config", config, "produce")
    assert shop.count("bronze") == 30
    shop.run("--config", config, "produce", env={"MILLRACE_PRODUCE_COUNT": "20"})
    assert shop.count("bronze") == 50
    shop.run("--config", config, "produce", "--count", "1", env={"MILLRACE_PRODUCE_COUNT": "20"})
    assert shop.count("bronze") == 51
    shop.run("produce", env={"MILLRACE_CONFIG": str(config)})
    assert shop.count("bronze") == 81
    config.write_text("[produce\n")
    shop.run("--config", config, "produce", code=2)
    assert "line 1" in shop.stderr
    config.write_text("[produce]\ncuont = 30\n")
    shop.run("--config", config, "produce", code=2)
    assert "line 2: millrace produce has no option cuont; did you mean count?" in shop.stderr


def test_a_variable_is_read_by_its_command_alone(shop):
    shop.write(line(1))
    others = {"MILLRACE_VACUUM_RETENTION": "soon", "MILLRACE_SHOW_LIMIT": "many"}
    assert shop.run("count", "bronze", env=others) == "1\n"
    shop.run("vacuum", code=2, env=others)
    assert shop.stderr.startswith("millrace: MILLRACE_VACUUM_RETENTION must be a duration")


def test_a_variable_s_old_name_is_taken_with_a_warning_and_flags_are_not_misled(shop):
    shop.run("produce", "--rate", "max", env={"MILLRACE_COUNT": "7", "MILLRACE_RETENTION": "1h"})
    assert "MILLRACE_PRODUCE_COUNT" in shop.stderr and "RETENTION" not in shop.stderr
    assert shop.count("bronze") == 7
    shop.run(
        "access", "add", "ann", input=b"correct horse battery\ncorrect horse battery\n", env={"MILLRACE_TOKEN": "abc"}
    )
    shop.run("topic", "create", "old", env={"MILLRACE_TOPIC_CREATE_PARTITIONS": "2"})
    assert len(shop.json("topic", "describe", "old")["partitions"]) == 2


def test_settings_are_kept_even_where_there_is_nothing_to_do_yet(shop):
    shop.run("silver", "--available-now", "--currency", "USD")
    shop.write(line(1))
    shop.drain()
    assert shop.count("silver", "currency") == {"USD": 1}
