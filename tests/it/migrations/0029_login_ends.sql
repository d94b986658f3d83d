UPDATE mailbox SET login_ends_at = '2026-12-01 09:00Z' WHERE name = 'support';
