-- Bots, by their user agents; null in rows from before.

ALTER TABLE kpis ADD COLUMN bot_events bigint, ADD COLUMN bot_users bigint, ADD COLUMN bot_sessions bigint;
ALTER TABLE sessions ADD COLUMN is_bot boolean;
