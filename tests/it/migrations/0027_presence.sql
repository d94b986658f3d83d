UPDATE person SET away_since = '2026-11-20 09:00Z', away_until = '2026-11-23 08:00Z' WHERE handle = 'grete';
INSERT INTO team_turn (team, person_id) SELECT 'vfx', id FROM person WHERE handle = 'grete';
