-- A mail has no sender until it is settled: an index of those that have one spares each arrival two entries.
DROP INDEX inbound_mail_sender;
CREATE INDEX inbound_mail_sender ON inbound_mail (sender, received_at) WHERE sender IS NOT NULL;
