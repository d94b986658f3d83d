INSERT INTO outbox (channel, dedupe_key, conversation, audience, template, draft, ticket_id, recipient_id, address,
                    mailbox, message_id, automatic, state, created_at, due_at, settled_at)
    SELECT 'mail', 'opened:' || number, number, 'customer', 'ticket_opened_customer', jsonb_build_object('number', number),
           ticket.id, requester_id, 'ada@kanal9.example', 'support', 'a1@desk.example', true, 'sent', opened_at, opened_at, opened_at
    FROM ticket WHERE number = 'TICK-1';
INSERT INTO breaker (name, opened_at, until, reason)
    VALUES ('answers', '2026-03-03 12:00Z', '2026-03-03 12:30Z', '61 automatic answers in a minute');
INSERT INTO schedule_slot (schedule, slot_at, taken_at) VALUES ('morning', '2026-03-03 08:00Z', '2026-03-03 08:00Z');
