INSERT INTO reminder (ticket_id, person_id, set_by, text, zone, due_at, created_at, told_by)
SELECT ticket.id, person.id, person.id, 'Look at the queue', 'Europe/Berlin', '2026-11-24 08:00:00Z', '2026-11-20 09:00:00Z', 'both'
FROM ticket, person WHERE number = 'TICK-1' AND handle = 'grete';
INSERT INTO digest_subscription (person_id, digest, created_at, told_by, platform, place)
SELECT id, 'monthly', '2026-11-20 09:00:00Z', 'chat', 'chat', 'c-managers' FROM person WHERE handle = 'grete';
