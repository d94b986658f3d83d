INSERT INTO ticket (number, subject, ticket_type, priority, status, status_kind, requester_id, organization_id,
                    team, assignee_id, tags, fields, source, opened_at, updated_at)
    SELECT 'TICK-1', 'Renders of shot 40 are black', 'issue', 'high', 'in_progress', 'open', ada.id, ada.organization_id,
           'vfx', grete.id, '{render,urgent}', '{"stage": "comp"}', 'mail', '2026-03-03 12:00Z', '2026-03-03 12:05Z'
    FROM person ada, person grete WHERE ada.name = 'Ada Brandt' AND grete.handle = 'grete';
INSERT INTO ticket (number, subject, priority, status, status_kind, requester_id, source, opened_at, updated_at, merged_into_id)
    SELECT 'TICK-2', 'Black renders', 'normal', 'closed', 'closed', requester_id, 'mail', opened_at, updated_at, id
    FROM ticket;
INSERT INTO number_counter (prefix, last) VALUES ('TICK-', 2);
INSERT INTO ticket_person (ticket_id, person_id, part, created_at)
    SELECT ticket.id, person.id, 'watcher', opened_at FROM ticket, person WHERE number = 'TICK-1' AND handle = 'grete';
INSERT INTO ticket_link (ticket_id, other_id, kind, created_at)
    SELECT one.id, two.id, 'duplicates', two.opened_at FROM ticket one, ticket two
    WHERE one.number = 'TICK-2' AND two.number = 'TICK-1';
INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
    SELECT id, requester_id, 'public', false, 'They are black since noon.', 'mail', opened_at
    FROM ticket WHERE number = 'TICK-1';
INSERT INTO comment (ticket_id, author_id, visibility, by_staff, body, source, created_at)
    SELECT id, assignee_id, 'internal', true, 'Looks like the licence server.', 'command', updated_at
    FROM ticket WHERE number = 'TICK-1';
INSERT INTO comment_edit (comment_id, revision, body, edited_by, edited_at)
    SELECT id, 1, 'Looks like the network.', author_id, created_at FROM comment WHERE visibility = 'internal';
INSERT INTO file_content (sha256, size, content) VALUES (sha256('render log'), 10, 'render log');
INSERT INTO attachment (comment_id, position, name, content_type, inline, sha256)
    SELECT id, 0, 'render.log', 'text/plain', false, sha256('render log') FROM comment WHERE visibility = 'public';
INSERT INTO event (ticket_id, at, actor_id, kind) SELECT id, opened_at, requester_id, 'opened' FROM ticket WHERE number = 'TICK-1';
INSERT INTO event (ticket_id, at, actor_id, kind, comment_id)
    SELECT ticket_id, created_at, author_id, 'commented', id FROM comment WHERE visibility = 'internal';
INSERT INTO thread_reference (message_id, ticket_id, created_at)
    SELECT '1@kanal9.example', id, opened_at FROM ticket WHERE number = 'TICK-1';
