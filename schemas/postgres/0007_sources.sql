-- Where sessions came from. It is null in rows that were written before.
ALTER TABLE sessions ADD COLUMN channel text, ADD COLUMN source text, ADD COLUMN landing_page text, ADD COLUMN referrer text,
    ADD COLUMN utm_source text, ADD COLUMN utm_medium text, ADD COLUMN utm_campaign text;

CREATE TABLE sources (
    grain text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    channel text,
    source text,
    campaign text,
    landing_page text,
    currency text NOT NULL,
    visitors bigint NOT NULL,
    sessions bigint NOT NULL,
    converted bigint NOT NULL,
    orders bigint NOT NULL,
    revenue numeric(38, 4) NOT NULL,
    conversion double precision,
    day date NOT NULL,
    closed boolean NOT NULL
);
CREATE UNIQUE INDEX sources_key ON sources
    (grain, window_start, text_key(channel), text_key(source), text_key(campaign), text_key(landing_page), currency) NULLS NOT DISTINCT;
CREATE INDEX sources_open ON sources (closed) WHERE NOT closed;
