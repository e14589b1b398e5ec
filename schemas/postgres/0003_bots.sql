-- Figures of bots, which are recognised by their user agents. They are null in rows that were written before.

ALTER TABLE kpis ADD COLUMN bot_events bigint, ADD COLUMN bot_users bigint, ADD COLUMN bot_sessions bigint;
ALTER TABLE sessions ADD COLUMN is_bot boolean;
