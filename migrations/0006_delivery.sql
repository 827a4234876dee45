-- Delivery: the change reaches the services, is proven there, and comes back when it hurts.

-- What each version's delivery came to, instance by instance.
CREATE TABLE deliveries (
  version_id INTEGER NOT NULL,
  service TEXT NOT NULL,
  instance TEXT NOT NULL,
  -- The higher is told first.
  priority INTEGER NOT NULL,
  critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
  -- Which of its service's waves it belongs to, counted from 0.
  wave INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'begun', 'told', 'verified', 'failed')),
  written_at TEXT,
  reloaded_at TEXT,
  verified_at TEXT,
  problem TEXT,
  -- How to give back what was there before, as JSON; none where nothing was replaced.
  former TEXT,
  -- What the service said of the paths that changed, and whether that is what it should be, as JSON.
  found TEXT,
  -- How long it took to answer before the change, in microseconds.
  before_us INTEGER,
  PRIMARY KEY (version_id, service, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (version_id) WHERE state IN ('waiting', 'begun', 'told');

-- What is known of each instance of a service, whatever change it came from.
CREATE TABLE service_states (
  service TEXT NOT NULL,
  instance TEXT NOT NULL,
  -- The version that it was delivered last, and a digest of the values that it got.
  version_id INTEGER,
  digest TEXT,
  written_at TEXT,
  reloaded_at TEXT,
  verified_at TEXT,
  problem TEXT,
  -- Since when it must restart to take what it was given.
  restart_since TEXT,
  -- Whether its file may be written although something else wrote it.
  adopted INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
  PRIMARY KEY (service, instance)
) STRICT, WITHOUT ROWID;

-- Services to which nothing is delivered.
CREATE TABLE disabled_services (
  service TEXT PRIMARY KEY,
  since TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How the services fared after a change.
CREATE TABLE monitor_samples (
  version_id INTEGER NOT NULL,
  at TEXT NOT NULL,
  service TEXT NOT NULL,
  instance TEXT NOT NULL,
  well INTEGER NOT NULL CHECK (well IN (0, 1)),
  took_us INTEGER NOT NULL,
  -- What it said in numbers, as JSON.
  figures TEXT,
  problem TEXT,
  PRIMARY KEY (version_id, at, service, instance)
) STRICT, WITHOUT ROWID;

-- Content that did harm: executing it again has to be asked for.
CREATE TABLE quarantined (
  path TEXT NOT NULL,
  -- SHA-256 of the path with the value.
  digest BLOB NOT NULL,
  change INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (path, digest)
) STRICT, WITHOUT ROWID;
