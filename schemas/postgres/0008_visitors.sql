-- Who the visitors are. It is null in rows that were written before.
ALTER TABLE sessions ADD COLUMN visitor_id text, ADD COLUMN is_new boolean;
ALTER TABLE users ADD COLUMN visitor_id text;
ALTER TABLE orders ADD COLUMN visitor_id text;

CREATE TABLE identities (
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    anonymous_id text NOT NULL,
    user_id text NOT NULL,
    first_seen timestamptz,
    last_seen timestamptz,
    events bigint NOT NULL,
    removed_at timestamptz,
    day date NOT NULL,
    closed boolean NOT NULL
);
CREATE UNIQUE INDEX identities_key ON identities (window_start, text_key(anonymous_id), text_key(user_id));
CREATE INDEX identities_open ON identities (closed) WHERE NOT closed;
