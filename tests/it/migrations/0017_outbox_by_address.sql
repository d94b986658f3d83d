INSERT INTO outbox (channel, dedupe_key, conversation, audience, template, draft, address, message_id, automatic, state,
                    created_at, due_at)
VALUES ('mail', 'report:17', 'operator', 'operator', 'alarm', '{}', 'operator@desk.example', 'report17@desk.example', true,
        'sent', '2026-11-20 09:30Z', '2026-11-20 09:30Z');
