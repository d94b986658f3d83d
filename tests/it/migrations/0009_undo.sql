INSERT INTO event (ticket_id, at, actor_id, kind, undoes)
    SELECT ticket_id, at + interval '5 seconds', actor_id, 'undone', id FROM event WHERE kind = 'commented';
