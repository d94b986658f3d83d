-- Who is away, and whose turn it is in a team that shares its tickets.

ALTER TABLE person
    ADD COLUMN away_since timestamptz,
    ADD COLUMN away_until timestamptz, -- null while away: until they say that they are back
    ADD CHECK (away_until IS NULL OR away_since IS NOT NULL);

-- Whoever gives a team's ticket to somebody holds its row, so that two copies take turns as well.
CREATE TABLE team_turn (
    team      text PRIMARY KEY,
    person_id bigint REFERENCES person -- who got a ticket last
);

CREATE INDEX ticket_to_share ON ticket (team, opened_at)
    WHERE assignee_id IS NULL AND merged_into_id IS NULL AND snoozed_until IS NULL AND status_kind IN ('new', 'open');
