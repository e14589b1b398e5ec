"""Who visited, told from the messages that a shop sent: a second definition of visitors and gold.identities, in Python.

It knows sessions that are shorter than a day, and days in UTC.
"""

import datetime

REACH = datetime.timedelta(days=30)
GAP = datetime.timedelta(minutes=30)
IDENTITY_MESSAGES = ("identify", "alias", "unlink")


def time_of(message):
    return datetime.datetime.fromisoformat(message["timestamp"])


def sender_of(message):
    """Silver's user_id."""
    return message.get("user_id") or message["anonymous_id"]


def once_each(messages):
    """The messages without copies, in the order of time."""
    by_id = {message["event_id"]: message for message in messages}
    return sorted(by_id.values(), key=lambda message: (time_of(message), message["event_id"]))


class Identities:
    """What messages tell of ids and their users."""

    def __init__(self, messages, reach=REACH):
        self.reach = reach
        self.rows = {}  # of gold.identities, by (window_start, anonymous_id, user_id)
        for message in once_each(messages):
            name, user = message.get("anonymous_id"), sender_of(message)
            if name and name != user:
                self.note(name, user, message)
        self.uses = {}  # of each id: [user, first, last]
        for (_, name, user), row in self.rows.items():
            if row["events"]:
                self.uses.setdefault(name, []).append([user, row["first_seen"], row["last_seen"]])
        for (_, name, user), row in self.rows.items():
            if row["removed_at"]:
                self.unlink(name, user, row["removed_at"])

    def note(self, name, user, message):
        time = time_of(message)
        hour = time.replace(minute=0, second=0, microsecond=0)
        nothing = {"first_seen": None, "last_seen": None, "events": 0, "removed_at": None}
        row = self.rows.setdefault((hour, name, user), nothing)
        if message["event_type"] == "unlink":
            row["removed_at"] = time
        else:
            row["first_seen"] = row["first_seen"] or time
            row["last_seen"] = time
            row["events"] += 1

    def unlink(self, name, user, removed_at):
        kept = []
        for use in self.uses.get(name, []):
            whose, first, last = use
            if whose != user or first > removed_at:
                kept.append(use)
            elif last > removed_at:
                kept.append([user, last, last])
        self.uses[name] = kept

    def owner(self, name, time):
        before, after = [], []
        for user, first, last in self.uses.get(name, []):
            for point in (first, last):
                if point <= time and time - point <= self.reach:
                    before.append((point, user))
                elif point > time and point - time <= self.reach:
                    after.append((point, user))
        if before:
            return max(before)[1]
        return min(after)[1] if after else name

    def visitor(self, event):
        time = time_of(event)
        return self.owner(self.owner(sender_of(event), time), time)

    def names_between(self, visitor, start, end):
        """The ids that were linked with a visitor between two times, with the visitor's own."""
        linked = {
            name
            for name, uses in self.uses.items()
            for user, first, last in uses
            if user == visitor and first <= end and last >= start
        }
        return linked | {visitor}


class Visits:
    """What visitors did: the sessions by (visitor_id, session_id, session_start), and the visitors of each day."""

    def __init__(self, messages, reach=REACH):
        self.identities = Identities(messages, reach)
        self.events = [each for each in once_each(messages) if each["event_type"] not in IDENTITY_MESSAGES]
        self.days = {}
        self.sessions = {}
        last = {}  # the session of each (visitor, session_id) that had an event last
        for event in self.events:
            time, visitor = time_of(event), self.identities.visitor(event)
            self.days.setdefault(time.date().isoformat(), set()).add(visitor)
            whose = visitor, event.get("session_id") or None
            session = last.get(whose)
            if session is None or time - session["session_end"] >= GAP:
                session = last[whose] = self.sessions[*whose, time] = {"events": 0, "purchases": 0}
            session["session_end"] = time
            session["events"] += 1
            session["purchases"] += event["event_type"] == "purchase"
        for (visitor, _, start), session in self.sessions.items():
            names = self.identities.names_between(visitor, start - reach, session["session_end"] + reach)
            session["is_new"] = not any(
                sender_of(event) in names and start - reach <= time_of(event) < start for event in self.events
            )
