-- Reminders, and the hours in which a person wants to be reminded.

CREATE TABLE reminder (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id  bigint REFERENCES ticket,
    person_id  bigint NOT NULL REFERENCES person, -- who is reminded
    set_by     bigint NOT NULL REFERENCES person,
    text       text NOT NULL,
    recurrence text, -- null: once
    zone       text NOT NULL, -- whose clocks a recurrence goes by
    state      text NOT NULL DEFAULT 'set' CHECK (state IN ('set', 'sent', 'done', 'cancelled')),
    due_at     timestamptz, -- null: it is not due again
    sent_at    timestamptz, -- when it was last sent
    sent_count integer NOT NULL DEFAULT 0,
    outbox_id  bigint REFERENCES outbox, -- the message it last went out with
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK ((state = 'set') = (due_at IS NOT NULL))
);
CREATE INDEX reminder_due ON reminder (person_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX reminder_soonest ON reminder (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX reminder_open ON reminder (person_id) WHERE state IN ('set', 'sent');
CREATE INDEX reminder_ticket ON reminder (ticket_id) WHERE ticket_id IS NOT NULL AND state IN ('set', 'sent');

-- The calendar outside whose hours a person's reminders wait; null: they never wait.
ALTER TABLE person ADD COLUMN reminder_calendar text;
