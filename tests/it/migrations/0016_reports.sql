INSERT INTO digest_subscription (person_id, digest, teams, hour, zone, created_at)
SELECT id, 'weekly', '{vfx}', 7, 'Europe/Berlin', '2026-11-20 09:00Z' FROM person WHERE handle = 'grete';
