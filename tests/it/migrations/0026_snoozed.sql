UPDATE ticket SET snoozed_until = '2026-12-01 08:00Z' WHERE number = 'TICK-1';
