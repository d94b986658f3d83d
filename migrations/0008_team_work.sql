-- What the team's commands need: senders of spam, canned replies, accounts on chat platforms, ratings.

-- Addresses whose mail is held back for a person to look at, since a ticket of theirs was marked as spam.
CREATE TABLE blocked_sender (
    address    text PRIMARY KEY CHECK (address = lower(address)),
    ticket_id  bigint NOT NULL REFERENCES ticket,
    blocked_by bigint REFERENCES person,
    created_at timestamptz NOT NULL
);
CREATE INDEX blocked_sender_ticket ON blocked_sender (ticket_id);

CREATE TABLE canned_reply (
    name       text PRIMARY KEY CHECK (name = lower(name)),
    body       text NOT NULL,
    author_id  bigint REFERENCES person,
    updated_at timestamptz NOT NULL
);

-- Who somebody on a chat platform is.
CREATE TABLE chat_account (
    platform   text NOT NULL,
    user_id    text NOT NULL,
    person_id  bigint NOT NULL REFERENCES person,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (platform, user_id)
);
CREATE INDEX chat_account_person ON chat_account (person_id);

-- A code that was mailed to a person's address and is typed in chat. Of the code only a keyed hash is kept.
CREATE TABLE connect_code (
    platform   text NOT NULL,
    user_id    text NOT NULL,
    person_id  bigint NOT NULL REFERENCES person,
    code_hash  bytea NOT NULL,
    attempts   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (platform, user_id)
);

-- What a customer says of how a ticket was worked: one rating each time it was resolved or closed.
CREATE TABLE rating (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id  bigint NOT NULL REFERENCES ticket,
    person_id  bigint NOT NULL REFERENCES person,
    round      integer NOT NULL, -- how often the ticket had come back by then
    score      smallint NOT NULL CHECK (score BETWEEN 1 AND 5),
    words      text,
    created_at timestamptz NOT NULL,
    UNIQUE (ticket_id, round)
);
CREATE INDEX rating_created ON rating (created_at);
