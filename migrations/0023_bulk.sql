-- Changes to many tickets at once: first shown, then confirmed, then done a batch at a time. The tickets are those that
-- were shown.

CREATE TABLE bulk_change (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code         text NOT NULL UNIQUE, -- by which whoever asked for it confirms it
    person_id    bigint REFERENCES person, -- null: the machine's operator
    role         text NOT NULL, -- what they may do where they asked
    source       text NOT NULL CHECK (source IN ('mail', 'chat', 'command', 'import')),
    line         text NOT NULL, -- the whole command, whose filter is asked again when it is confirmed
    change       text NOT NULL, -- what is done to each ticket, as a command without its number
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    finished_at  timestamptz
);
CREATE INDEX bulk_change_open ON bulk_change (id) WHERE confirmed_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX bulk_change_old ON bulk_change (created_at);

CREATE TABLE bulk_ticket (
    bulk_id   bigint NOT NULL REFERENCES bulk_change ON DELETE CASCADE,
    ticket_id bigint NOT NULL REFERENCES ticket,
    state     text NOT NULL DEFAULT 'waiting'
              CHECK (state IN ('waiting', 'done', 'unchanged', 'left_out', 'failed', 'undone')),
    reason    text, -- why it was left out, or failed
    done_at   timestamptz,
    PRIMARY KEY (bulk_id, ticket_id)
);
CREATE INDEX bulk_ticket_waiting ON bulk_ticket (bulk_id, ticket_id) WHERE state = 'waiting';
