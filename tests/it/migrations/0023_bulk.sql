INSERT INTO bulk_change (code, person_id, role, source, line, change, created_at, confirmed_at)
SELECT 'k3j9', id, 'agent', 'chat', 'bulk --tag render priority high', 'priority high', '2026-11-20 09:00Z', '2026-11-20 09:01Z'
FROM person WHERE handle = 'grete';
INSERT INTO bulk_ticket (bulk_id, ticket_id, state, reason, done_at)
SELECT bulk_change.id, ticket.id, 'failed', 'It is closed.', '2026-11-20 09:01Z' FROM bulk_change, ticket WHERE number = 'TICK-1';
