-- What entries of the audit log that were pruned vouched for last, of every record that nothing has written since.

CREATE TABLE audit_vouched (
  record TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  -- The pruned entry.
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
