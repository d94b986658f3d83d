-- A year of a desk that ends at the moment END: COUNT tickets, five comments and ten events each. It stands for what
-- years of work leave behind; foreign keys are not checked while it is written, which is most of the time it takes.
-- Indexes are laid anew at the end, which is many times faster than entry by entry.
SET session_replication_role = replica;
SET maintenance_work_mem = '256MB';
SET synchronous_commit = off;
CREATE TEMP TABLE laid_aside AS
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid IN ('ticket'::regclass, 'comment'::regclass, 'event'::regclass, 'ticket_clock'::regclass)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT name FROM laid_aside LOOP EXECUTE 'DROP INDEX ' || one.name; END LOOP;
END $$;
INSERT INTO organization (name, created_at)
SELECT 'Customer ' || n, 'END'::timestamptz - interval '2 years' FROM generate_series(1, 50) AS n;
INSERT INTO person (name, role, handle, organization_id, created_at)
SELECT CASE WHEN n <= 20 THEN 'Agent ' || n ELSE 'Person ' || n END, CASE WHEN n <= 20 THEN 'agent' ELSE 'customer' END,
       CASE WHEN n <= 20 THEN 'agent' || n END, CASE WHEN n > 20 THEN 1 + n % 50 END, 'END'::timestamptz - interval '2 years'
FROM generate_series(1, 2000) AS n;
SELECT setseed(0.5);
INSERT INTO ticket (number, subject, category, priority, status, status_kind, requester_id, organization_id, team,
                    assignee_id, mailbox, due_at, source, opened_at, updated_at, first_responded_at, reopened_count)
SELECT 'T-' || n,
       (ARRAY['The export stops at 40,000 rows', 'Invoice of last month is missing', 'Printer prints every page twice',
              'Cannot log in since this morning', 'Please add a second contact'])[1 + n % 5],
       (ARRAY['technical_support', 'billing', 'account', 'bug_report'])[1 + n % 4],
       (ARRAY['urgent', 'high', 'medium', 'low'])[1 + (n / 3) % 4],
       CASE WHEN unfinished THEN 'in_progress' ELSE 'closed' END, CASE WHEN unfinished THEN 'open' ELSE 'closed' END,
       21 + n % 1900, 1 + n % 50, (ARRAY['support', 'billing', 'engineering'])[1 + n % 3],
       CASE WHEN NOT unfinished OR n % 20 <> 0 THEN 1 + n % 20 END, 'support',
       CASE WHEN n % 97 = 0 THEN opened + interval '3 days' END, 'mail', opened, opened,
       opened + random() * random() * interval '1 day', CASE WHEN n % 29 = 0 THEN 1 ELSE 0 END
FROM (SELECT n, 'END'::timestamptz - (COUNT - n) * (interval '365 days' / COUNT)
                    - random() * interval '10 hours' AS opened,
             n > COUNT * 0.98 AND n % 3 > 0 OR n % 400 = 0 AS unfinished
      FROM generate_series(1, COUNT) AS n) AS made;
INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
SELECT id, CASE WHEN part % 2 = 0 THEN 1 + id % 20 ELSE requester_id END, 'public', part % 2 = 0, 'Some words.', 'mail',
       opened_at + part * interval '2 hours'
FROM ticket CROSS JOIN generate_series(1, 5) AS part;
INSERT INTO event (ticket_id, at, actor_id, kind, field, old, new)
SELECT id, least(opened_at + part * interval '3 hours' * (1 + id % 5), 'END'::timestamptz), requester_id, kind,
       CASE WHEN kind = 'status_changed' THEN 'status' END,
       CASE WHEN kind = 'status_changed' THEN (ARRAY['open', 'in_progress', 'resolved', 'reopened', 'resolved'])[part] END,
       CASE WHEN kind = 'status_changed' THEN (ARRAY['in_progress', 'resolved', 'reopened', 'resolved', 'closed'])[part] END
FROM ticket CROSS JOIN generate_series(1, 10) AS part
CROSS JOIN LATERAL (SELECT CASE WHEN part = 1 OR part <= 5 AND ticket.status_kind = 'closed' AND ticket.reopened_count > 0
                                     OR part IN (2, 5) AND ticket.status_kind = 'closed'
                                THEN 'status_changed' ELSE 'replied' END AS kind) AS made;
INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, met_at, due_at, marks, marks_at)
SELECT id, 'first_response', opened_at, 240,
       first_responded_at, CASE WHEN first_responded_at > opened_at + interval '8 hours' THEN opened_at + interval '8 hours' END, '{}', '{}'
FROM ticket;
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT definition FROM laid_aside LOOP EXECUTE one.definition; END LOOP;
END $$;
SET session_replication_role = DEFAULT;
