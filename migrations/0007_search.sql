-- Listing and searching a million tickets: an index for each filter, and full text in the `simple` configuration, which
-- leaves words of every language as they are.

ALTER TABLE ticket ADD COLUMN search tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, left(subject, 2000))) STORED;
CREATE INDEX ticket_search ON ticket USING gin (search);

-- A tsvector holds less than a megabyte: of a longer comment the first 50,000 characters are searched.
ALTER TABLE comment ADD COLUMN search tsvector
    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, left(body, 50000))) STORED;
CREATE INDEX comment_search ON comment USING gin (search);

CREATE INDEX person_search ON person USING gin (to_tsvector('simple'::regconfig, name));
CREATE INDEX person_address_search ON person_address
    USING gin (to_tsvector('simple'::regconfig, translate(address, '@.+-_', '     ')));

CREATE INDEX ticket_updated ON ticket (updated_at DESC) WHERE merged_into_id IS NULL;
CREATE INDEX ticket_active ON ticket (updated_at DESC)
    WHERE merged_into_id IS NULL AND status_kind IN ('new', 'open', 'waiting');
CREATE INDEX ticket_opened ON ticket (opened_at DESC) WHERE merged_into_id IS NULL;
CREATE INDEX ticket_due ON ticket (due_at) WHERE merged_into_id IS NULL;
CREATE INDEX ticket_due_active ON ticket (due_at)
    WHERE merged_into_id IS NULL AND status_kind IN ('new', 'open', 'waiting');
CREATE INDEX ticket_unassigned ON ticket (updated_at DESC) WHERE merged_into_id IS NULL AND assignee_id IS NULL;
CREATE INDEX ticket_priority ON ticket (priority, updated_at DESC) WHERE merged_into_id IS NULL;
CREATE INDEX ticket_status ON ticket (status);
CREATE INDEX ticket_team ON ticket (team) WHERE team IS NOT NULL;
CREATE INDEX ticket_category ON ticket (category) WHERE category IS NOT NULL;
CREATE INDEX ticket_type ON ticket (ticket_type) WHERE ticket_type IS NOT NULL;
CREATE INDEX ticket_organization ON ticket (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX ticket_tags ON ticket USING gin (tags);
CREATE INDEX ticket_fields ON ticket USING gin (fields jsonb_path_ops);

-- The last piece of a number without leading zeros: people say 42 and mean TKT-20261120-0042.
CREATE INDEX ticket_number_tail ON ticket (ltrim(substring(upper(number) FROM '[^-_./]*$'), '0'), id DESC);
