-- Persons, their addresses, organizations and team membership. Teams themselves are configuration.

CREATE TABLE organization (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

CREATE TABLE organization_domain (
    domain          text PRIMARY KEY CHECK (domain = lower(domain)),
    organization_id bigint NOT NULL REFERENCES organization
);

CREATE TABLE person (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL,
    role            text NOT NULL CHECK (role IN ('customer', 'agent', 'manager', 'admin')),
    handle          text UNIQUE CHECK (handle = lower(handle)), -- the word by which an agent is assigned and mentioned
    organization_id bigint REFERENCES organization,
    time_zone       text,
    disabled_at     timestamptz,
    created_at      timestamptz NOT NULL,
    CHECK (role = 'customer' OR handle IS NOT NULL)
);

CREATE INDEX person_staff ON person (id) WHERE role <> 'customer';

-- Addresses are compared without regard to case; `address` is the lower-cased form.
CREATE TABLE person_address (
    address    text PRIMARY KEY CHECK (address = lower(address)),
    person_id  bigint NOT NULL REFERENCES person,
    is_primary boolean NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX person_address_person ON person_address (person_id);
CREATE UNIQUE INDEX person_address_primary ON person_address (person_id) WHERE is_primary;

CREATE TABLE team_member (
    team      text NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    is_lead   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (team, person_id)
);
CREATE INDEX team_member_person ON team_member (person_id);

-- Addresses that must not be written to: a hard bounce put them here, an agent lifts them.
CREATE TABLE suppression (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address      text NOT NULL CHECK (address = lower(address)),
    reason       text NOT NULL,
    outbox_id    bigint,
    created_at   timestamptz NOT NULL,
    lifted_at    timestamptz,
    lifted_by    bigint REFERENCES person
);
CREATE UNIQUE INDEX suppression_standing ON suppression (address) WHERE lifted_at IS NULL;

-- A person as the rest of the program wants to see one.
CREATE VIEW person_card AS
SELECT person.id, person.name, person.role, person.handle, person.organization_id, address.address,
       person.disabled_at IS NOT NULL AS disabled
FROM person
LEFT JOIN person_address AS address ON address.person_id = person.id AND address.is_primary;
