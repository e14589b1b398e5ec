-- The unit of an alert's value and threshold, such as events or EUR; null for alerts from before version 0.3.
ALTER TABLE alerts ADD COLUMN unit text;
