INSERT INTO customer_thread (platform, place, thread, ticket_id, person_id, user_id, asked_at, opened_at)
    SELECT 'discord', '200', '201', id, requester_id, '7', opened_at, opened_at FROM ticket WHERE number = 'TICK-1';
INSERT INTO chat_panel (platform, place, post, posted_at) VALUES ('discord', '200', '202', '2026-03-03 12:00Z');
UPDATE chat_account SET wrote_at = '2026-03-03 12:00Z';
