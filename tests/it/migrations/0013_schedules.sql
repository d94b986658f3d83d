INSERT INTO schedule (name, rule, last_at) VALUES ('follow_ups', '*/5 * * * * Europe/Berlin', '2026-11-20 09:05:00Z');
INSERT INTO schedule_slot (schedule, slot_at, taken_at, settled_at, outcome, missed, done)
VALUES ('follow_ups', '2026-11-20 09:05:00Z', '2026-11-20 09:05:02Z', '2026-11-20 09:05:02Z', 'ran', 2, 1);
INSERT INTO ticket_nudge SELECT id, '2026-11-13 09:00:00Z', '2026-11-20 09:05:02Z' FROM ticket WHERE number = 'TICK-1';
