-- A person looked at a mail that was held back and let it pass: no filter and no cap holds it back again.

ALTER TABLE inbound_mail ADD COLUMN accepted boolean NOT NULL DEFAULT false;
