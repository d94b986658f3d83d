-- Tickets on chat platforms: their threads, the posts that are comments, and what people do there.

-- A thread is a ticket's. `place` is the channel, `thread` the platform's id of the thread in it.
CREATE TABLE chat_thread (
    platform    text NOT NULL,
    place       text NOT NULL,
    thread      text NOT NULL,
    ticket_id   bigint NOT NULL REFERENCES ticket,
    card_thread text, -- the thread that the card's post stands in; null: it stands in the channel itself
    card_post   text,
    opened_at   timestamptz NOT NULL,
    PRIMARY KEY (platform, place, thread)
);
-- One thread a ticket and place: a second attempt at opening it finds the first one's.
CREATE UNIQUE INDEX chat_thread_ticket ON chat_thread (ticket_id, platform, place);

-- Posts that stand for a comment, whoever made them. Ids of posts are unique within a channel on every platform.
CREATE TABLE chat_post (
    platform   text NOT NULL,
    place      text NOT NULL,
    post       text NOT NULL,
    thread     text,
    ticket_id  bigint NOT NULL REFERENCES ticket,
    comment_id bigint REFERENCES comment,
    ours       boolean NOT NULL, -- made by Frontdesk; nobody else's post can be changed by it
    position   integer NOT NULL, -- within the posts that one long text was split into
    posted_at  timestamptz NOT NULL,
    PRIMARY KEY (platform, place, post)
);
CREATE INDEX chat_post_comment ON chat_post (comment_id) WHERE comment_id IS NOT NULL;

-- What somebody did, written down before anything is done about it. `key` is the same whenever it is told again.
CREATE TABLE chat_event (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform     text NOT NULL,
    place        text NOT NULL,
    key          text NOT NULL,
    conversation text NOT NULL, -- events of one conversation are handled in order
    event        jsonb NOT NULL,
    received_at  timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('received', 'processing', 'done', 'ignored', 'refused', 'failed')),
    reason       text,
    error        text,
    attempt      integer NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,
    lease        uuid,
    leased_until timestamptz,
    settled_at   timestamptz,
    person_id    bigint REFERENCES person,
    ticket_id    bigint REFERENCES ticket,
    comment_id   bigint REFERENCES comment,
    UNIQUE (platform, place, key)
);
CREATE INDEX chat_event_work ON chat_event (id) WHERE state IN ('received', 'processing');
CREATE INDEX chat_event_conversation ON chat_event (conversation, id) WHERE state IN ('received', 'processing');
CREATE INDEX chat_event_trouble ON chat_event (id) WHERE state = 'failed';
CREATE INDEX chat_event_ticket ON chat_event (ticket_id) WHERE ticket_id IS NOT NULL;

-- The newest post that is known in each channel and thread: where reading goes on after a gap. `thread` is '' for the
-- channel itself.
CREATE TABLE chat_seen (
    platform text NOT NULL,
    place    text NOT NULL,
    thread   text NOT NULL,
    post     text NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (platform, place, thread)
);

-- How the connection to each platform stands.
CREATE TABLE chat_standing (
    platform       text PRIMARY KEY,
    checked_at     timestamptz,
    missing        jsonb NOT NULL DEFAULT '[]', -- what the platform does not let Frontdesk do, in sentences
    last_event_at  timestamptz,
    last_error     text,
    last_error_at  timestamptz,
    credential_bad boolean NOT NULL DEFAULT false
);
