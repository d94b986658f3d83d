-- When a mailbox's login must be authorized again, where the token endpoint says so.
ALTER TABLE mailbox ADD COLUMN login_ends_at timestamptz;
