-- Requests in full: what people write of them, what falls due, comments, reviews, emergencies, delegation.

-- What its people say of a request: title, need, impact, test plan, wanted window, reviewers, editors, edition.
ALTER TABLE changes ADD COLUMN dossier TEXT;
-- Whether the restart that a change needs has been seen to.
ALTER TABLE changes ADD COLUMN restart TEXT CHECK (restart IN ('pending', 'recorded'));
-- Whether the review that a change asks for was made.
ALTER TABLE changes ADD COLUMN review TEXT CHECK (review IN ('due', 'done'));

DROP INDEX changes_open;
CREATE INDEX changes_open ON changes (state, number)
  WHERE state IN ('draft', 'pending', 'approved', 'scheduled');
CREATE INDEX changes_confirming ON changes (number) WHERE state = 'confirming';
CREATE INDEX changes_rolled_back ON changes (number) WHERE state = 'rolled-back';
CREATE INDEX changes_restart ON changes (number) WHERE restart = 'pending';
CREATE INDEX changes_review ON changes (number) WHERE review = 'due';
-- Few stand here at any time, and every change asks whose backups must stay.
CREATE INDEX changes_emergency_review ON changes (number) WHERE kind = 'emergency' AND review = 'due';

-- Something due at a time.
CREATE TABLE duties (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('execute', 'confirm', 'deliver', 'monitor')),
  change INTEGER NOT NULL,
  due_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (kind, change)
) STRICT;
CREATE INDEX duties_due ON duties (due_at);

CREATE TABLE comments (
  id INTEGER PRIMARY KEY,
  change INTEGER NOT NULL,
  member TEXT NOT NULL,
  proof TEXT NOT NULL,
  at TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX comments_change ON comments (change);

-- What was found when a change was looked back on. The findings are one JSON object.
CREATE TABLE reviews (
  change INTEGER PRIMARY KEY,
  member TEXT NOT NULL,
  proof TEXT NOT NULL,
  at TEXT NOT NULL,
  findings TEXT NOT NULL
) STRICT;

-- The mark that stays on a change that skipped what its risk demands.
CREATE TABLE emergencies (
  change INTEGER PRIMARY KEY,
  justification TEXT NOT NULL,
  approver TEXT NOT NULL,
  -- How many approvals were skipped, and what of whom: the demand as it stood.
  skipped INTEGER NOT NULL,
  demand TEXT NOT NULL,
  review_due TEXT NOT NULL,
  answer TEXT CHECK (answer IN ('acknowledged', 'denied')),
  answered_at TEXT,
  answered_proof TEXT,
  answer_comment TEXT
) STRICT;

-- The text of a manifest that the board has yet to approve.
CREATE TABLE proposed_manifests (
  change INTEGER PRIMARY KEY,
  text TEXT NOT NULL
) STRICT;

-- Who lets whom approve in their place, and until when.
CREATE TABLE delegations (
  id INTEGER PRIMARY KEY,
  member TEXT NOT NULL,
  delegate TEXT NOT NULL,
  until TEXT NOT NULL,
  created_at TEXT NOT NULL,
  proof TEXT NOT NULL,
  reason TEXT NOT NULL,
  ended_at TEXT
) STRICT;
CREATE INDEX delegations_delegate ON delegations (delegate);
