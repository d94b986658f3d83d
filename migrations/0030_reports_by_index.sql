-- What reports count is read from indexes that hold all it needs, without the rows.
CREATE INDEX ticket_unmerged ON ticket (id) INCLUDE (opened_at) WHERE merged_into_id IS NULL;
DROP INDEX ticket_first_responded;
CREATE INDEX ticket_first_responded ON ticket (first_responded_at) INCLUDE (opened_at)
    WHERE merged_into_id IS NULL AND first_responded_at IS NOT NULL;
DROP INDEX event_status_changed;
CREATE INDEX event_status_changed ON event (at) INCLUDE (id, ticket_id, old, new) WHERE kind = 'status_changed';
