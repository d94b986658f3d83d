INSERT INTO ticket_clock (ticket_id, kind, started_at, target_minutes, calendar, due_at, marks, marks_at, next_mark_at)
SELECT id, 'resolution', '2026-11-20T09:00:00Z', 240, 'office', '2026-11-20T13:00:00Z', '{breach}',
       ARRAY['2026-11-20T13:00:00Z'::timestamptz], '2026-11-20T13:00:00Z'
FROM ticket WHERE number = 'TICK-1';
INSERT INTO ticket_clock_settings (fingerprint, done_through) VALUES ('5eed', 1);
