INSERT INTO mailbox (name, uid_validity, last_uid, last_success_at) VALUES ('support', 3857529045, 17, '2026-03-03 12:00Z');
INSERT INTO inbound_mail (message_id, content_hash, thread_key, mailbox, raw, size, received_at, state, due_at,
                          settled_at, sender, ticket_id, comment_id)
    SELECT '1@kanal9.example', sha256('mail 1'), '1@kanal9.example', 'support', 'Message-ID: <1@kanal9.example>', 30,
           opened_at, 'processed', opened_at, opened_at, 'ada@kanal9.example', ticket.id, comment.id
    FROM ticket JOIN comment ON ticket_id = ticket.id AND visibility = 'public';
INSERT INTO inbound_delivery (mailbox, position, inbound_id, fetched_at, acknowledged_at)
    SELECT mailbox, '3857529045:17', id, received_at, received_at FROM inbound_mail;
