INSERT INTO event (ticket_id, at, kind, field, old, new)
    SELECT id, '2026-03-06 09:00Z', 'status_changed', 'status', 'open', 'in_progress' FROM ticket WHERE number = 'TICK-1';
