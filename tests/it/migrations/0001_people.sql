INSERT INTO organization (name, created_at) VALUES ('Kanal 9 Film', '2026-03-01 09:00Z');
INSERT INTO organization_domain (domain, organization_id) SELECT 'kanal9.example', id FROM organization;
INSERT INTO person (name, role, handle, organization_id, created_at)
    SELECT 'Ada Brandt', 'customer', NULL, id, '2026-03-01 09:00Z' FROM organization;
INSERT INTO person (name, role, handle, time_zone, created_at)
    VALUES ('Grete Holm', 'agent', 'grete', 'Europe/Copenhagen', '2026-03-01 09:00Z');
INSERT INTO person_address (address, person_id, is_primary, created_at)
    SELECT 'ada@kanal9.example', id, true, created_at FROM person WHERE name = 'Ada Brandt';
INSERT INTO person_address (address, person_id, is_primary, created_at)
    SELECT 'ada.brandt@mail.example', id, false, created_at FROM person WHERE name = 'Ada Brandt';
INSERT INTO team_member (team, person_id, is_lead) SELECT 'vfx', id, true FROM person WHERE handle = 'grete';
INSERT INTO suppression (address, reason, created_at)
    VALUES ('ada.brandt@mail.example', '5.1.1 no such user', '2026-03-02 09:00Z');
