-- Tickets, comments, attachments and the append-only timeline.

CREATE TABLE ticket (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number             text NOT NULL UNIQUE,
    subject            text NOT NULL,
    ticket_type        text,
    category           text,
    priority           text NOT NULL,
    status             text NOT NULL,
    status_kind        text NOT NULL CHECK (status_kind IN ('new', 'open', 'waiting', 'resolved', 'closed')),
    requester_id       bigint NOT NULL REFERENCES person,
    organization_id    bigint REFERENCES organization,
    team               text,
    source_team        text,
    assignee_id        bigint REFERENCES person,
    mailbox            text,
    due_at             timestamptz,
    tags               text[] NOT NULL DEFAULT '{}',
    fields             jsonb NOT NULL DEFAULT '{}',
    source             text NOT NULL CHECK (source IN ('mail', 'chat', 'command', 'import')),
    opened_at          timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    first_responded_at timestamptz,
    resolved_at        timestamptz,
    closed_at          timestamptz,
    reopened_count     integer NOT NULL DEFAULT 0,
    merged_into_id     bigint REFERENCES ticket,
    CHECK (merged_into_id <> id)
);
CREATE UNIQUE INDEX ticket_number_any_case ON ticket (upper(number));
CREATE INDEX ticket_requester ON ticket (requester_id);
CREATE INDEX ticket_assignee ON ticket (assignee_id) WHERE assignee_id IS NOT NULL;
CREATE INDEX ticket_listed ON ticket (status_kind, updated_at DESC);
CREATE INDEX ticket_merged ON ticket (merged_into_id) WHERE merged_into_id IS NOT NULL;

-- Counters behind `{seq}`: one for each text that stands before it.
CREATE TABLE number_counter (
    prefix text PRIMARY KEY,
    last   bigint NOT NULL
);

-- The people around a ticket other than its requester and assignee.
CREATE TABLE ticket_person (
    ticket_id  bigint NOT NULL REFERENCES ticket,
    person_id  bigint NOT NULL REFERENCES person,
    part       text NOT NULL CHECK (part IN ('participant', 'watcher')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, person_id, part)
);
CREATE INDEX ticket_person_person ON ticket_person (person_id);

CREATE TABLE ticket_link (
    ticket_id  bigint NOT NULL REFERENCES ticket,
    other_id   bigint NOT NULL REFERENCES ticket,
    kind       text NOT NULL CHECK (kind IN ('relates', 'blocks', 'duplicates', 'follows')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, other_id, kind),
    CHECK (ticket_id <> other_id)
);
CREATE INDEX ticket_link_other ON ticket_link (other_id);

CREATE TABLE comment (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id     bigint NOT NULL REFERENCES ticket,
    author_id     bigint NOT NULL REFERENCES person,
    visibility    text NOT NULL CHECK (visibility IN ('public', 'internal')),
    by_staff      boolean NOT NULL,
    is_resolution boolean NOT NULL DEFAULT false,
    body          text NOT NULL, -- the new words
    full_text     text,          -- the whole text, where it differs from the new words
    html          text,          -- sanitised
    source        text NOT NULL CHECK (source IN ('mail', 'chat', 'command', 'import')),
    created_at    timestamptz NOT NULL,
    edited_at     timestamptz,
    deleted_at    timestamptz
);
CREATE INDEX comment_ticket ON comment (ticket_id, id);

-- What a comment said before each edit.
CREATE TABLE comment_edit (
    comment_id bigint NOT NULL REFERENCES comment,
    revision   integer NOT NULL,
    body       text NOT NULL,
    edited_by  bigint NOT NULL REFERENCES person,
    edited_at  timestamptz NOT NULL,
    PRIMARY KEY (comment_id, revision)
);

-- Files are stored once by content. They are mostly compressed already: EXTERNAL saves the second try.
CREATE TABLE file_content (
    sha256  bytea PRIMARY KEY,
    size    bigint NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE file_content ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE attachment (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    comment_id   bigint NOT NULL REFERENCES comment,
    position     integer NOT NULL,
    name         text NOT NULL,
    content_type text NOT NULL,
    content_id   text,
    inline       boolean NOT NULL,
    sha256       bytea NOT NULL REFERENCES file_content,
    UNIQUE (comment_id, position)
);

-- The timeline. Rows are never changed. `actor_id` is null where the machinery acted; `reason` then says why.
CREATE TABLE event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id  bigint NOT NULL REFERENCES ticket,
    at         timestamptz NOT NULL,
    actor_id   bigint REFERENCES person,
    kind       text NOT NULL,
    field      text,
    old        text,
    new        text,
    reason     text,
    comment_id bigint REFERENCES comment,
    inbound_id bigint,
    outbox_id  bigint
);
CREATE INDEX event_ticket ON event (ticket_id, id);

-- Every Message-ID that belongs to a ticket, whoever minted it.
CREATE TABLE thread_reference (
    message_id text NOT NULL,
    ticket_id  bigint NOT NULL REFERENCES ticket,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, ticket_id)
);
CREATE INDEX thread_reference_ticket ON thread_reference (ticket_id, created_at);
