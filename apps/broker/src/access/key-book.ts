/**
 * All keys, in memory: no request waits for the store. A change is pushed between nodes and read
 * again at once; every 30 seconds everything is read, in case a push was lost.
 */
import type { BlockList } from 'node:net';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Kysely, sql, type Selectable } from 'kysely';
import { readRanges } from '#apps/broker/src/access/address-ranges.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { ApiKeysTable, Database } from '#libs/db/schema.js';
import { oneByOne } from '#libs/kernel/turns.js';

export interface KeyEntry {
  keyId: string;
  integratorId: string;
  /** Absent: an OAuth client, which signs for itself. */
  secretHmac?: Buffer;
  /** Public keys of an OAuth client; absent: an API key. */
  jwks?: { keys: object[] };
  /** Absent: every paired site. */
  siteIds?: ReadonlySet<string>;
  /** Absent: from anywhere. */
  ranges?: BlockList;
  /** Milliseconds since the epoch. */
  expiresAtMs: number;
  revoked: boolean;
  /** It, or its integrator, is frozen for an incident. */
  frozen?: true;
}

const REFRESH_MS = 30_000;

type KeyRow = Selectable<ApiKeysTable> & { is_frozen: boolean };

function toEntry(row: KeyRow): KeyEntry {
  const entry: KeyEntry = {
    keyId: row.key_id,
    integratorId: row.integrator_id,
    expiresAtMs: row.expires_at?.getTime() ?? Infinity,
    revoked: row.revoked_at !== null,
  };
  if (row.secret_hmac) entry.secretHmac = row.secret_hmac;
  if (row.is_frozen) entry.frozen = true;
  if (row.jwks) entry.jwks = row.jwks;
  if (row.site_ids.length > 0) entry.siteIds = new Set(row.site_ids);
  if (row.address_ranges.length > 0) entry.ranges = readRanges(row.address_ranges);
  return entry;
}

@Injectable()
export class KeyBook implements OnModuleInit, OnModuleDestroy {
  private keys = new Map<string, KeyEntry>();
  /** Readings follow each other: one that began before a revocation must not end after its own. */
  private readonly inTurn = oneByOne();
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = [
      this.broadcast.subscribe('key.changed', (keyId) => this.reload(keyId)),
      this.broadcast.subscribe('freeze.changed', () => this.refresh()),
    ];
    await this.inTurn(() => this.readAll());
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    for (const stop of this.unsubscribe) stop();
  }

  find(keyId: string): KeyEntry | undefined {
    return this.keys.get(keyId);
  }

  /** Reads one key again. When the store fails, a key that may have been revoked is forgotten. */
  reload(keyId: string): Promise<void> {
    return this.inTurn(async () => {
      try {
        const row = await this.rows().where('key_id', '=', keyId).executeTakeFirst();
        if (row) this.keys.set(keyId, toEntry(row));
        else this.keys.delete(keyId);
      } catch {
        this.keys.delete(keyId);
        this.log.write('store.unavailable', { what: 'keys' });
      }
    });
  }

  /** Reads every key again; what is known stays when the store fails. */
  refresh(): Promise<void> {
    return this.inTurn(() => this.readAll()).catch(() =>
      this.log.write('store.unavailable', { what: 'keys' }),
    );
  }

  private async readAll(): Promise<void> {
    const rows = await this.rows().execute();
    this.keys = new Map(rows.map((row) => [row.key_id, toEntry(row)]));
  }

  private rows() {
    return this.kysely
      .selectFrom('api_keys')
      .selectAll()
      .select(
        sql<boolean>`exists (
          select from incident_freezes where thawed_at is null and (
            (kind = 'key' and target_id = api_keys.key_id)
            or (kind = 'integrator' and practice_id is null and target_id = api_keys.integrator_id)
          )
        )`.as('is_frozen'),
      );
  }
}
