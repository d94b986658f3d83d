-- What went to an address lately, whatever it was: an index that is looked up by the address alone. The one before held
-- automatic answers only, and PostgreSQL could take the index of all recent answers for it.
DROP INDEX outbox_answers;
CREATE INDEX outbox_address ON outbox (address, created_at);
