-- Five years of a desk that end now: COUNT tickets with five comments each. Most tickets are closed, few customers ask
-- most of the questions, and words are as unevenly spread as in a language. Foreign keys are not checked and the indexes
-- of words are made at the end, which is most of the time it takes.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
SELECT setseed(0.5);
DROP INDEX ticket_search, comment_search;

INSERT INTO organization (name, created_at)
SELECT 'Organization ' || n, now() - interval '5 years' FROM generate_series(1, greatest(COUNT / 200, 10)) AS n;
INSERT INTO person (name, role, handle, created_at)
SELECT 'Agent ' || n, CASE WHEN n <= 5 THEN 'manager' ELSE 'agent' END, 'agent' || n, now() - interval '5 years'
FROM generate_series(1, 50) AS n;
INSERT INTO person (name, role, organization_id, created_at)
SELECT 'First' || n % 997 || ' Last' || n, 'customer', 1 + n % greatest(COUNT / 200, 10), now() - interval '5 years'
FROM generate_series(1, greatest(COUNT / 5, 100)) AS n;
INSERT INTO person_address (address, person_id, is_primary, created_at)
SELECT lower(replace(name, ' ', '.')) || '@place' || id % 5000 || '.example', id, true, created_at FROM person;
INSERT INTO team_member (person_id, team, is_lead)
SELECT id, (ARRAY['support', 'billing', 'product', 'engineering'])[1 + id % 4], id <= 4 FROM person WHERE id <= 50;
INSERT INTO chat_account (platform, user_id, person_id, created_at)
SELECT 'chat', 'u' || id, id, now() FROM person WHERE id <= 50;

-- Ten thousand sentences of ten words out of thirty thousand, the first of which come up again and again.
CREATE UNLOGGED TABLE sentence AS
SELECT n AS place, string_agg(substring(md5((30000 * power(random(), 4))::int::text) FOR 3 + (random() * 5)::int), ' ') AS words
FROM generate_series(0, 9999) AS n CROSS JOIN generate_series(1, 10) AS word GROUP BY n;
CREATE UNIQUE INDEX ON sentence (place);

INSERT INTO ticket (number, subject, ticket_type, category, priority, status, status_kind, requester_id,
                    organization_id, team, assignee_id, mailbox, due_at, tags, fields, source, opened_at, updated_at,
                    first_responded_at, closed_at)
SELECT 'TKT-' || to_char(opened, 'YYYYMMDD') || '-'
           || lpad((row_number() OVER (PARTITION BY to_char(opened, 'YYYYMMDD') ORDER BY made.n))::text, 4, '0'),
       initcap(sentence.words),
       (ARRAY['bug', 'feature_request', 'question'])[1 + n % 3],
       (ARRAY['technical_support', 'billing', 'account', 'bug_report'])[1 + n % 4],
       (ARRAY['urgent', 'high', 'high', 'medium', 'medium', 'medium', 'medium', 'medium', 'low', 'low'])[1 + n % 10],
       CASE WHEN NOT active THEN 'closed' ELSE (ARRAY['open', 'in_progress', 'waiting_on_customer'])[1 + n % 3] END,
       CASE WHEN NOT active THEN 'closed' ELSE (ARRAY['new', 'open', 'waiting'])[1 + n % 3] END,
       51 + (greatest(COUNT / 5, 100) * power(random(), 2))::int % greatest(COUNT / 5, 100),
       1 + n % greatest(COUNT / 200, 10),
       (ARRAY['support', 'support', 'billing', 'product', 'engineering'])[1 + n % 5],
       CASE WHEN NOT active OR n % 4 > 0 THEN 1 + n % 50 END, 'support',
       CASE WHEN n % 20 = 0 THEN opened + interval '3 days' END,
       CASE WHEN n % 5 = 0 THEN ARRAY['tag' || n % 300] ELSE '{}' END,
       CASE WHEN n % 3 = 0 THEN jsonb_build_object('project', 'p' || n % 400) ELSE '{}' END,
       'mail', opened, opened + random() * interval '2 days', opened + random() * interval '1 day',
       CASE WHEN NOT active THEN opened + interval '3 days' END
FROM (SELECT n, now() - (COUNT - n) * (interval '1825 days' / COUNT) AS opened,
             n > COUNT * 0.985 AND n % 4 > 0 OR n % 500 = 0 AS active, (random() * 9999)::int AS said
      FROM generate_series(1, COUNT) AS n) AS made
JOIN sentence ON place = made.said
ORDER BY made.n;

INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
SELECT ticket.id, CASE WHEN part % 2 = 0 THEN 1 + ticket.id % 50 ELSE requester_id END,
       CASE WHEN part = 4 THEN 'internal' ELSE 'public' END, part % 2 = 0,
       first.words || '. ' || second.words || '. See r' || ticket.id % 100000 || '.', 'mail',
       opened_at + part * interval '2 hours'
FROM ticket CROSS JOIN generate_series(1, 5) AS part
JOIN sentence AS first ON first.place = (ticket.id * 7919 + part * 104729) % 10000
JOIN sentence AS second ON second.place = (ticket.id * 6007 + part * 15485863) % 10000;

INSERT INTO event (ticket_id, at, actor_id, kind, field, old, new, comment_id)
SELECT id, opened_at, requester_id, 'opened', NULL, NULL, status, NULL::bigint FROM ticket
UNION ALL SELECT id, opened_at + interval '2 hours', 1 + id % 50, 'replied', NULL, NULL, NULL, NULL FROM ticket
UNION ALL SELECT id, opened_at + interval '3 days', 1 + id % 50, 'status_changed', 'status', 'in_progress', 'closed', NULL
FROM ticket WHERE status = 'closed';
INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, met_at, due_at, marks, marks_at)
SELECT id, 'resolution', opened_at, 2880, closed_at,
       CASE WHEN status_kind IN ('new', 'open') THEN opened_at + interval '2 days' END, '{}', '{}'
FROM ticket;
INSERT INTO thread_reference (message_id, ticket_id, created_at)
SELECT 'm' || id || '@example.org', id, opened_at FROM ticket;
INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
SELECT id, 1 + id % 50, 'watcher', opened_at FROM ticket WHERE id % 20 = 0;

CREATE INDEX ticket_search ON ticket USING gin (search);
CREATE INDEX comment_search ON comment USING gin (search);
DROP TABLE sentence;
