-- An approval in somebody's place is tied to the delegation under which it was given.

CREATE TABLE approval_places (
  change INTEGER NOT NULL,
  member TEXT NOT NULL,
  delegation INTEGER NOT NULL,
  -- The role of whoever delegated, as it was then.
  role TEXT NOT NULL,
  PRIMARY KEY (change, member, delegation)
) STRICT, WITHOUT ROWID;
