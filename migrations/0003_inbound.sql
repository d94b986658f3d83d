-- Mail that came in: written down whole before anything is done about it.

CREATE TABLE mailbox (
    name            text PRIMARY KEY,
    uid_validity    bigint,
    last_uid        bigint NOT NULL DEFAULT 0,
    last_success_at timestamptz,
    last_error      text,
    last_error_at   timestamptz,
    credential_bad  boolean NOT NULL DEFAULT false
);

-- One row a logical message. The same message in two mailboxes is one row here and two deliveries.
CREATE TABLE inbound_mail (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id   text,
    content_hash bytea NOT NULL,
    thread_key   text NOT NULL,
    mailbox      text NOT NULL,
    raw          bytea NOT NULL,
    size         bigint NOT NULL,
    truncated    boolean NOT NULL DEFAULT false,
    answering    boolean NOT NULL DEFAULT true, -- false for imported archives: nobody is written to
    received_at  timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('received', 'processing', 'processed', 'ignored', 'rejected', 'quarantined', 'failed')),
    reason       text,
    error        text,
    attempt      integer NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,
    lease        uuid,
    leased_until timestamptz,
    settled_at   timestamptz,
    sender       text,  -- the author's address, lower-cased, once it is parsed
    ticket_id    bigint REFERENCES ticket,
    comment_id   bigint REFERENCES comment,
    outbox_id    bigint
);
ALTER TABLE inbound_mail ALTER COLUMN raw SET COMPRESSION lz4;
CREATE UNIQUE INDEX inbound_mail_identity ON inbound_mail (coalesce(message_id, ''), content_hash);
CREATE INDEX inbound_mail_work ON inbound_mail (id) WHERE state IN ('received', 'processing');
CREATE INDEX inbound_mail_thread ON inbound_mail (thread_key, id) WHERE state IN ('received', 'processing');
CREATE INDEX inbound_mail_sender ON inbound_mail (sender, received_at);
CREATE INDEX inbound_mail_trouble ON inbound_mail (state, id) WHERE state IN ('quarantined', 'failed');
CREATE INDEX inbound_mail_ticket ON inbound_mail (ticket_id) WHERE ticket_id IS NOT NULL;

-- Where a message was found. `position` is the place within the mailbox: UIDVALIDITY and UID, or a file name.
CREATE TABLE inbound_delivery (
    mailbox         text NOT NULL,
    position        text NOT NULL,
    inbound_id      bigint NOT NULL REFERENCES inbound_mail,
    fetched_at      timestamptz NOT NULL,
    acknowledged_at timestamptz,
    PRIMARY KEY (mailbox, position)
);
CREATE INDEX inbound_delivery_mail ON inbound_delivery (inbound_id);
CREATE INDEX inbound_delivery_open ON inbound_delivery (mailbox) WHERE acknowledged_at IS NULL;
