-- Tickets that are put off until a time, or until the customer writes.

ALTER TABLE ticket ADD COLUMN snoozed_until timestamptz;
CREATE INDEX ticket_snoozed ON ticket (snoozed_until) WHERE snoozed_until IS NOT NULL;
