-- The clocks of service levels: one row for each promise that was started for a ticket. They are computed from what
-- happened to the ticket and written anew with each change of it, in the same transaction.

CREATE TABLE ticket_clock (
    ticket_id      bigint NOT NULL REFERENCES ticket,
    kind           text NOT NULL CHECK (kind IN ('first_response', 'next_response', 'resolution')),
    started_at     timestamptz NOT NULL,
    target_minutes integer NOT NULL CHECK (target_minutes > 0),
    calendar       text,        -- whose hours count; null: every hour
    met_at         timestamptz, -- when the promise was kept, on time or late
    -- When the target is missed, as things stand, or was missed. Null where it was met in time, and while the clock
    -- stands still for who knows how long.
    due_at         timestamptz,
    -- The notices about it, by name, in order, and when each is to be told; those told already.
    marks          text[] NOT NULL,
    marks_at       timestamptz[] NOT NULL,
    told           text[] NOT NULL DEFAULT '{}',
    next_mark_at   timestamptz, -- of the first mark that is not told yet
    PRIMARY KEY (ticket_id, kind, started_at),
    CHECK (cardinality(marks) = cardinality(marks_at))
);
CREATE INDEX ticket_clock_mark ON ticket_clock (next_mark_at) WHERE next_mark_at IS NOT NULL;
CREATE INDEX ticket_clock_due ON ticket_clock (due_at) WHERE met_at IS NULL AND due_at IS NOT NULL;

-- By which settings the clocks were computed. When they change, the clocks of all tickets that are not done are computed
-- anew, in batches, in the order of their ids.
CREATE TABLE ticket_clock_settings (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    fingerprint  text NOT NULL,
    done_through bigint NOT NULL
);
