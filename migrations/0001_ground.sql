-- The ground floor: overrides, history, versions, changes, members, the manifest in force as rows, backups, audit.
-- Names and columns of the first four tables are those that operators of this system already know.

CREATE TABLE system_metadata (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE config_overrides (
  id INTEGER PRIMARY KEY,
  section TEXT NOT NULL,
  key TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE,
  value TEXT,
  -- Not IN: SQLite makes a table of such a list for every row that is written.
  value_type TEXT NOT NULL CHECK (value_type = 'string' OR value_type = 'integer' OR value_type = 'number'
    OR value_type = 'boolean' OR value_type = 'list' OR value_type = 'json'),
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1) AND (is_active = 1) = (value IS NOT NULL)),
  version_id INTEGER NOT NULL
) STRICT;

CREATE TABLE config_history (
  id INTEGER PRIMARY KEY,
  operation TEXT NOT NULL CHECK (operation = 'CREATE' OR operation = 'UPDATE' OR operation = 'DELETE'),
  section TEXT NOT NULL,
  key TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  changed_at TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  source_ip TEXT NOT NULL,
  reason TEXT NOT NULL,
  version_id INTEGER NOT NULL
) STRICT;
CREATE INDEX config_history_path ON config_history (section, key, version_id);
CREATE INDEX config_history_version ON config_history (version_id);

-- Older tools read these names.
CREATE VIEW config_history_former AS
  SELECT id, operation, section, key, old_value, new_value, changed_at AS timestamp, changed_by AS user,
         source_ip, reason AS comment, version_id
  FROM config_history;

CREATE TABLE config_versions (
  id INTEGER PRIMARY KEY,
  config_json TEXT,
  config_hash TEXT NOT NULL,
  effective_hash TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  description TEXT,
  is_baseline INTEGER NOT NULL DEFAULT 0 CHECK (is_baseline IN (0, 1)),
  parent INTEGER,
  change INTEGER,
  generation INTEGER NOT NULL
) STRICT;
CREATE INDEX config_versions_hash ON config_versions (substr(config_hash, 1, 12));
CREATE INDEX config_versions_baseline ON config_versions (id) WHERE is_baseline = 1;

CREATE TABLE version_tags (
  tag TEXT PRIMARY KEY,
  version_id INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX version_tags_version ON version_tags (version_id);

CREATE TABLE base_generations (
  id INTEGER PRIMARY KEY,
  manifest INTEGER NOT NULL,
  base_hash TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- The tree of the content hash over the overrides.
CREATE TABLE hash_nodes (
  place BLOB PRIMARY KEY,
  node BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE manifests (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  change INTEGER
) STRICT;

-- The manifest in force, as rows.
CREATE TABLE settings (
  path TEXT PRIMARY KEY,
  definition TEXT NOT NULL,
  default_value TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE rules (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  rule TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- '*' stands for every path.
CREATE TABLE rule_paths (
  path TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (path, rule)
) STRICT, WITHOUT ROWID;
CREATE TABLE manifest_parts (
  name TEXT PRIMARY KEY,
  part TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  nature TEXT NOT NULL CHECK (nature IN ('person', 'program')),
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin', 'senior-admin', 'board')),
  owner INTEGER NOT NULL CHECK (owner IN (0, 1)),
  membership TEXT NOT NULL CHECK (membership IN ('invited', 'active', 'removed')),
  uid INTEGER,
  answerable TEXT,
  since TEXT NOT NULL,
  until TEXT,
  created_by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX members_any_name ON members (name);
-- The row that holds now has no end.
CREATE UNIQUE INDEX members_name ON members (name) WHERE until IS NULL;
CREATE UNIQUE INDEX members_uid ON members (uid) WHERE until IS NULL AND uid IS NOT NULL AND membership = 'active';

CREATE TABLE credentials (
  id INTEGER PRIMARY KEY,
  member TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('token', 'invitation')),
  hash BLOB NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at TEXT,
  ended_at TEXT,
  ended_by TEXT,
  ended_how TEXT CHECK (ended_how IN ('revoked', 'used'))
) STRICT;
CREATE INDEX credentials_member ON credentials (member);

CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  risk TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT,
  content_hash TEXT NOT NULL,
  manifest INTEGER NOT NULL,
  base_version INTEGER NOT NULL,
  version_id INTEGER,
  -- Absent where it is who asked, and where the backup has its usual name: most changes.
  executed_by TEXT,
  backup TEXT,
  -- A line a step: name, microseconds, result.
  steps TEXT,
  ticket TEXT,
  rollback_plan TEXT,
  -- What a change that waited was decided by: risk reasons, demand, whether history proves its values, what it returns to.
  decided_by TEXT,
  digest TEXT,
  expires_at TEXT,
  ended_because TEXT
) STRICT;
CREATE INDEX changes_open ON changes (state, number) WHERE state IN ('pending', 'approved');

-- Items of changes that waited, and items that are no values; the items of the others are their history rows.
CREATE TABLE change_items (
  change INTEGER NOT NULL,
  position INTEGER NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('value', 'manifest', 'member', 'instance')),
  path TEXT NOT NULL,
  before TEXT,
  after TEXT,
  PRIMARY KEY (change, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_items_path ON change_items (path);

CREATE TABLE approvals (
  id INTEGER PRIMARY KEY,
  change INTEGER NOT NULL,
  member TEXT NOT NULL,
  role TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject')),
  digest TEXT NOT NULL,
  proof TEXT NOT NULL,
  at TEXT NOT NULL,
  comment TEXT,
  UNIQUE (change, member)
) STRICT;

CREATE TABLE evidence (
  id INTEGER PRIMARY KEY,
  change INTEGER NOT NULL,
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  measured INTEGER NOT NULL CHECK (measured IN (0, 1)),
  digest TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_change ON evidence (change);

CREATE TABLE backups (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  scope TEXT NOT NULL CHECK (scope IN ('full', 'change')),
  automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  paths INTEGER NOT NULL,
  size INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  change INTEGER,
  -- Of the row itself, where no audit entry vouches for it: the automatic ones, which come and go with changes.
  digest TEXT
) STRICT;
CREATE INDEX backups_scope ON backups (scope, automatic);
CREATE INDEX backups_created ON backups (created_at);

CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  proof TEXT NOT NULL,
  origin TEXT NOT NULL,
  program TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  rows TEXT NOT NULL,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
