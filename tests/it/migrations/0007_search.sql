INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, source, opened_at, updated_at)
    SELECT 'TICK-0042', 'Geräusche im Ton', 'normal', 'new', 'new', id, 'mail', '2026-05-05 10:00Z', '2026-05-05 10:00Z'
    FROM person WHERE name = 'Ada Brandt';
