-- Layers below the overrides: what the sources said when they were last read, generation by generation.

-- What each source says of a path; the highest priority wins.
CREATE TABLE base_values (
  path TEXT NOT NULL,
  source TEXT NOT NULL,
  priority INTEGER NOT NULL,
  value TEXT NOT NULL,
  -- Where in the source: a file and its line, a variable, an address.
  origin TEXT NOT NULL,
  PRIMARY KEY (path, source)
) STRICT, WITHOUT ROWID;

-- The tree of the content hash over the base values, the defaults among them.
CREATE TABLE base_nodes (
  place BLOB PRIMARY KEY,
  node BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What a generation altered, source by source: enough to compute the base as it stood before.
CREATE TABLE base_changes (
  generation INTEGER NOT NULL,
  path TEXT NOT NULL,
  source TEXT NOT NULL,
  old_priority INTEGER,
  old_value TEXT,
  old_origin TEXT,
  new_priority INTEGER,
  new_value TEXT,
  new_origin TEXT,
  PRIMARY KEY (generation, path, source)
) STRICT, WITHOUT ROWID;

-- What a generation made of effective values, beside the overrides' history.
CREATE TABLE base_history (
  id INTEGER PRIMARY KEY,
  version_id INTEGER NOT NULL,
  path TEXT NOT NULL,
  old_value TEXT,
  new_value TEXT,
  -- The source that says so now, or said so before where nothing does any more; none for a default.
  source TEXT,
  origin TEXT
) STRICT;
CREATE INDEX base_history_path ON base_history (path, version_id);
CREATE INDEX base_history_version ON base_history (version_id);

-- What a request about the base would put in place, source by source; of a path with no row here nothing is left.
CREATE TABLE base_requests (
  change INTEGER NOT NULL,
  path TEXT NOT NULL,
  source TEXT NOT NULL,
  priority INTEGER NOT NULL,
  value TEXT NOT NULL,
  origin TEXT NOT NULL,
  PRIMARY KEY (change, path, source)
) STRICT, WITHOUT ROWID;

-- Reloads, whatever came of them.
CREATE TABLE operations (
  number INTEGER PRIMARY KEY,
  operation_id TEXT NOT NULL UNIQUE,
  cause TEXT NOT NULL CHECK (cause IN ('manual', 'signal', 'api', 'watch', 'duty')),
  status TEXT NOT NULL CHECK (status IN ('completed', 'unchanged', 'held', 'failed')),
  forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
  begun_at TEXT NOT NULL,
  actor TEXT NOT NULL,
  -- The manifest under which it resolved.
  manifest INTEGER NOT NULL,
  reason TEXT,
  total_us INTEGER NOT NULL,
  loading_us INTEGER NOT NULL,
  validation_us INTEGER NOT NULL,
  apply_us INTEGER NOT NULL,
  generation INTEGER,
  version_id INTEGER,
  change INTEGER,
  -- What each source came to, what was altered and what held back, warnings, problems: one JSON object.
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX operations_status ON operations (status, number);

-- How each source was found last.
CREATE TABLE source_states (
  source TEXT PRIMARY KEY,
  checked_at TEXT NOT NULL,
  loaded_at TEXT,
  problem TEXT,
  content_hash TEXT,
  entries INTEGER NOT NULL,
  -- For a source over the network: its circuit breaker and what it said of its version, as JSON.
  remote TEXT
) STRICT, WITHOUT ROWID;
