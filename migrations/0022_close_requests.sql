-- Close requests: a customer is asked whether the matter is settled, and says yes, says what is missing, or says nothing.
CREATE TABLE close_request (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id   bigint NOT NULL REFERENCES ticket,
    asked_by    bigint REFERENCES person,
    asked_at    timestamptz NOT NULL,
    closes_at   timestamptz NOT NULL, -- when the ticket closes if nothing is said
    answered_at timestamptz,
    answer      text CHECK (answer IN ('accepted', 'expired', 'replaced')),
    CHECK ((answered_at IS NULL) = (answer IS NULL))
);
CREATE UNIQUE INDEX close_request_open ON close_request (ticket_id) WHERE answered_at IS NULL;
CREATE INDEX close_request_due ON close_request (closes_at) WHERE answered_at IS NULL;
