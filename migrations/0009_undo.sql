-- An event that takes another one back names it, so that nothing is taken back twice.
ALTER TABLE event ADD COLUMN undoes bigint REFERENCES event;
