-- Mail and posts that go out: a row before anything is sent, one recipient a row.

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel      text NOT NULL CHECK (channel IN ('mail', 'chat')),
    dedupe_key   text NOT NULL UNIQUE,
    conversation text NOT NULL, -- rows of one conversation leave in order
    audience     text NOT NULL CHECK (audience IN ('customer', 'staff', 'operator')),
    template     text NOT NULL,
    draft        jsonb NOT NULL, -- the values that the template is rendered from
    ticket_id    bigint REFERENCES ticket,
    comment_id   bigint REFERENCES comment,
    recipient_id bigint REFERENCES person,
    address      text NOT NULL,
    mailbox      text,
    message_id   text NOT NULL UNIQUE,
    automatic    boolean NOT NULL, -- nobody wrote it: null envelope sender, Auto-Submitted
    bundle       text, -- the template it takes when later events join it; null: it stands alone
    state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'dead')),
    attempt      integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    lease        uuid,
    leased_until timestamptz,
    settled_at   timestamptz,
    provider_id  text, -- the id that the next server gave it, where it told one
    last_error   text,
    errors       jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_conversation ON outbox (conversation, id) WHERE state IN ('pending', 'sending');
-- One open bundle a conversation: an event joins the row that waits, and starts a new one once a worker has claimed it.
CREATE UNIQUE INDEX outbox_bundle ON outbox (conversation) WHERE bundle IS NOT NULL AND state = 'pending' AND attempt = 0;
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_ticket ON outbox (ticket_id, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX outbox_answers ON outbox (address, created_at) WHERE automatic AND audience = 'customer';
CREATE INDEX outbox_answers_recent ON outbox (created_at) WHERE automatic AND audience = 'customer';

-- Breakers that stop automatic answers when too many go out.
CREATE TABLE breaker (
    name      text PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    reason    text NOT NULL
);

-- A schedule's slot that somebody has taken: two copies never run the same one.
CREATE TABLE schedule_slot (
    schedule   text NOT NULL,
    slot_at    timestamptz NOT NULL,
    taken_at   timestamptz NOT NULL,
    settled_at timestamptz,
    error      text,
    PRIMARY KEY (schedule, slot_at)
);
