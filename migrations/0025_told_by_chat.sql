-- Reminders and digests by chat: how each is to come.

ALTER TABLE reminder ADD COLUMN told_by text NOT NULL DEFAULT 'mail' CHECK (told_by IN ('mail', 'chat', 'both'));

ALTER TABLE digest_subscription
    ADD COLUMN told_by  text NOT NULL DEFAULT 'mail' CHECK (told_by IN ('mail', 'chat', 'both')),
    ADD COLUMN platform text, -- with the place: where it is posted; null: it is written to the reader alone
    ADD COLUMN place    text,
    ADD CHECK ((platform IS NULL) = (place IS NULL));
