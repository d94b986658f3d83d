-- Reports: what they are computed from is found by time, and who gets them is written down.

CREATE INDEX ticket_first_responded ON ticket (first_responded_at) WHERE first_responded_at IS NOT NULL;
CREATE INDEX ticket_unfinished ON ticket (opened_at)
    WHERE merged_into_id IS NULL AND status_kind IN ('new', 'open', 'waiting');
CREATE INDEX event_status_changed ON event (at) INCLUDE (ticket_id, old, new) WHERE kind = 'status_changed';
CREATE INDEX event_delivery_failed ON event (at) INCLUDE (ticket_id) WHERE kind = 'delivery_failed';
CREATE INDEX ticket_clock_kept ON ticket_clock (met_at) WHERE due_at IS NULL AND met_at IS NOT NULL;
CREATE INDEX ticket_clock_missed ON ticket_clock (due_at) WHERE due_at IS NOT NULL;

-- Who gets which digest. A subscription that was ended stays, so that a default does not come back.
CREATE TABLE digest_subscription (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id        bigint NOT NULL REFERENCES person,
    digest           text NOT NULL CHECK (digest IN ('daily', 'weekly', 'monthly', 'mine')),
    teams            text[] NOT NULL DEFAULT '{}',                 -- empty: the whole desk
    hour             integer NOT NULL DEFAULT 8 CHECK (hour BETWEEN 0 AND 23), -- on the wall in the zone
    zone             text,                                         -- null: the person's, else the desk's
    even_if_empty    boolean NOT NULL DEFAULT false,
    unassigned_hours integer NOT NULL DEFAULT 24 CHECK (unassigned_hours >= 0),
    created_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    last_slot_at     timestamptz,                                  -- the newest moment that was worked
    UNIQUE (person_id, digest)
);
