INSERT INTO inbound_mail (message_id, content_hash, thread_key, mailbox, raw, size, received_at, state, reason, due_at, accepted)
    VALUES ('spam@kanal9.example', sha256('mail 2'), 'spam@kanal9.example', 'support', 'Message-ID: <spam@kanal9.example>', 33,
            '2026-03-04 12:00Z', 'received', NULL, '2026-03-04 13:00Z', true);
