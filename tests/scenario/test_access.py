"""Passwords are entered at a terminal."""

import os
import pty
import subprocess


def test_a_password_is_asked_for_twice(shop):
    def add(*typed):
        """Types these lines at a terminal."""
        master, slave = pty.openpty()
        process = subprocess.Popen(
            shop.command("access", "add", "ann"), stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.close(slave)
        os.write(master, "".join(text + "\n" for text in typed).encode())
        _, err = process.communicate(timeout=30)
        os.close(master)
        return process.returncode, err.decode()

    code, err = add("a long password", "another password")
    assert code == 2 and "the two passwords differ" in err and not (shop.data / "access.json").exists()
    code, err = add("a long password", "a long password")
    assert code == 0 and err.count(": \n") == 2
    assert [row["name"] for row in shop.json("access", "list")["rows"]] == ["ann"]
