INSERT INTO chat_thread (platform, place, thread, ticket_id, card_post, opened_at)
    SELECT 'discord', '100', '101', id, '101', opened_at FROM ticket WHERE number = 'TICK-1';
INSERT INTO chat_post (platform, place, post, thread, ticket_id, comment_id, ours, position, posted_at)
    SELECT 'discord', '100', '102', '101', ticket_id, id, true, 0, created_at FROM comment WHERE visibility = 'public';
INSERT INTO chat_event (platform, place, key, conversation, event, received_at, state, due_at, settled_at, ticket_id)
    SELECT 'discord', '100', '103', 'discord:100:101', '{"key": "103"}', opened_at, 'done', opened_at, opened_at, id
    FROM ticket WHERE number = 'TICK-1';
INSERT INTO chat_seen (platform, place, thread, post, seen_at)
    VALUES ('discord', '100', '101', '103', '2026-03-03 12:05Z');
INSERT INTO chat_standing (platform, checked_at, missing) VALUES ('discord', '2026-03-03 12:00Z', '["Send Messages"]');
