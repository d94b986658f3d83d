INSERT INTO inbound_mail (message_id, content_hash, thread_key, mailbox, raw, size, received_at, state, reason, due_at,
                          settled_at, sender)
    VALUES ('away@kanal9.example', sha256('mail 3'), 'away@kanal9.example', 'support', 'Message-ID: <away@kanal9.example>', 33,
            '2026-03-05 12:00Z', 'ignored', 'an automatic answer', '2026-03-05 12:00Z', '2026-03-05 12:01Z',
            'away@kanal9.example');
