-- Customers in chat: the thread that a customer and the team share, and the panel that tickets are opened from.

-- A customer's own thread on a ticket. Staff's thread with the card and the notes is another one (chat_thread).
CREATE TABLE customer_thread (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform  text NOT NULL,
    place     text NOT NULL,
    thread    text, -- null: it is asked for and not open yet
    ticket_id bigint NOT NULL REFERENCES ticket,
    person_id bigint NOT NULL REFERENCES person,
    user_id   text NOT NULL, -- the person's account on the platform
    asked_at  timestamptz NOT NULL,
    opened_at timestamptz,
    gone_at   timestamptz, -- since when nothing reaches it any more
    UNIQUE (platform, place, thread)
);
-- One a ticket and person: whoever asks for another one finds the first.
CREATE UNIQUE INDEX customer_thread_live ON customer_thread (ticket_id, person_id) WHERE gone_at IS NULL;
CREATE INDEX customer_thread_person ON customer_thread (person_id);

-- The post that the buttons stand on by which customers open tickets, one a platform.
CREATE TABLE chat_panel (
    platform  text PRIMARY KEY,
    place     text NOT NULL,
    post      text NOT NULL,
    posted_at timestamptz NOT NULL
);

-- Of several accounts, the one that its person last wrote from.
ALTER TABLE chat_account ADD COLUMN wrote_at timestamptz;

-- What one person did in chat of late.
CREATE INDEX chat_event_person ON chat_event (person_id, received_at) WHERE person_id IS NOT NULL;
