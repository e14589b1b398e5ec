"""The arrival of a shop's messages in an order that has nothing to do with their times."""

import random

from tests.support.events import event, lines


def process_shuffled(shop, made, seed, end):
    """Processes the events in three shuffled parts, with a run of Gold after each, and then ones at `end`, a
    datetime that closes the windows of the others."""
    random.Random(seed).shuffle(made)
    last = [event(10**6 + n, user_id=f"w{n}", timestamp=end.isoformat()) for n in range(20)]
    for part in (made[::3], made[1::3], made[2::3], last):
        shop.write(*lines(part))
        shop.drain()
        shop.run("gold", "--available-now")
