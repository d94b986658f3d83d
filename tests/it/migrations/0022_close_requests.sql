INSERT INTO close_request (ticket_id, asked_at, closes_at)
    SELECT id, opened_at, opened_at + interval '3 days' FROM ticket WHERE number = 'TICK-1';
