/** Where it is looked, by the names that `--plant`, the report and docs/prove.md have for the places. */
export const places = [
  'broker-heap',
  'broker-memory',
  'redis-commands',
  'redis-keys',
  'redis-file',
  'redis-memory',
  'command-lines',
  'metrics',
  'webhooks',
  'write-journal',
  'files-given-out',
  'database-rows',
  'database-dump',
  'database-folder',
  'broker-folder',
  'agent-folder',
  'spool',
  'logs',
  'temporary-files',
] as const;

export type Place = (typeof places)[number];

/** What `--plant` says for all of them at once. */
export const EVERYWHERE = 'all';
export type Planting = Place | typeof EVERYWHERE;
