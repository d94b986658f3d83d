INSERT INTO blocked_sender (address, ticket_id, created_at) SELECT 'win@prizes.example', min(id), '2026-06-01Z' FROM ticket;
INSERT INTO canned_reply (name, body, author_id, updated_at)
    SELECT 'received', 'Thank you, {{ requester }}.', id, '2026-06-01Z' FROM person WHERE handle = 'grete';
INSERT INTO chat_account (platform, user_id, person_id, created_at)
    SELECT 'discord', '81', id, '2026-06-01Z' FROM person WHERE handle = 'grete';
INSERT INTO connect_code (platform, user_id, person_id, code_hash, created_at, expires_at)
    SELECT 'discord', '82', id, '\x00', '2026-06-01 10:00Z', '2026-06-01 10:15Z' FROM person WHERE name = 'Ada Brandt';
INSERT INTO rating (ticket_id, person_id, round, score, words, created_at)
    SELECT id, requester_id, 0, 5, 'Quick!', '2026-06-01Z' FROM ticket WHERE number = 'TICK-1';
