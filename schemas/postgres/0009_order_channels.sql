-- How the visitors who ordered came. It is null in rows that were written before.
ALTER TABLE orders ADD COLUMN channel text;
