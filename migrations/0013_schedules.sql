-- How schedules stand between their slots, what became of each slot, and which tickets were asked after.

CREATE TABLE schedule (
    name          text PRIMARY KEY,
    rule          text NOT NULL, -- the recurrence and its zone; a change of it begins anew
    last_at       timestamptz NOT NULL, -- slots up to this one are taken, or lie before the schedule was known
    attempt       integer NOT NULL DEFAULT 0,
    retry_at      timestamptz,
    last_error    text,
    last_error_at timestamptz
);

-- `done` counts what a slot did so far; one that has not settled goes on with the next tick.
ALTER TABLE schedule_slot
    ADD COLUMN outcome text CHECK (outcome IN ('ran', 'skipped', 'failed')),
    ADD COLUMN missed  integer NOT NULL DEFAULT 0, -- earlier slots that it stands for
    ADD COLUMN done    bigint NOT NULL DEFAULT 0;
CREATE INDEX schedule_slot_open ON schedule_slot (taken_at) WHERE settled_at IS NULL;

-- A ticket that waits for the customer is asked after once for each time that it begins to wait.
CREATE TABLE ticket_nudge (
    ticket_id     bigint NOT NULL REFERENCES ticket,
    waiting_since timestamptz NOT NULL,
    nudged_at     timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, waiting_since)
);

CREATE INDEX ticket_resolved ON ticket (resolved_at) WHERE status_kind = 'resolved';
CREATE INDEX ticket_waiting ON ticket (id) WHERE status_kind = 'waiting';
