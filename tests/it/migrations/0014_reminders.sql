INSERT INTO reminder (ticket_id, person_id, set_by, text, recurrence, zone, due_at, created_at)
SELECT ticket.id, person.id, person.id, 'Ask the farm', '0 9 * * mon', 'Europe/Berlin', '2026-11-23 08:00:00Z', '2026-11-20 09:00:00Z'
FROM ticket, person WHERE number = 'TICK-1' AND handle = 'grete';
