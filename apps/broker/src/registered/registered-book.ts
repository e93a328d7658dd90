/** Reads registered queries for their integrator: another's is as unknown as one that never was. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import type { RegisteredRow, RunRow } from '#apps/broker/src/registered/registered-row.js';
import { registeredLimits } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MOST_LISTED = 2_000;

@Injectable()
export class RegisteredBook {
  constructor(private readonly database: Kysely<Database>) {}

  /** @throws ConduitError QUERY_NOT_FOUND */
  async find(caller: CallerIdentity, siteId: string, id: string): Promise<RegisteredRow> {
    const row = UUID.test(id) ? await this.read(id) : undefined;
    if (row?.integrator_id !== caller.integratorId || row.site_id !== siteId) {
      throw new ConduitError('QUERY_NOT_FOUND');
    }
    return row;
  }

  /** Whosever it is. */
  read(id: string): Promise<RegisteredRow | undefined> {
    return this.database
      .selectFrom('registered_queries')
      .selectAll()
      .where('registered_id', '=', id)
      .executeTakeFirst();
  }

  /** Newest first. */
  list(caller: CallerIdentity, siteId: string): Promise<RegisteredRow[]> {
    return this.database
      .selectFrom('registered_queries')
      .selectAll()
      .where('integrator_id', '=', caller.integratorId)
      .where('site_id', '=', siteId)
      .orderBy('created_at', 'desc')
      .orderBy('registered_id')
      .limit(MOST_LISTED)
      .execute();
  }

  /** Newest first. */
  runs(id: string): Promise<RunRow[]> {
    return this.database
      .selectFrom('registered_runs')
      .selectAll()
      .where('registered_id', '=', id)
      .orderBy('run', 'desc')
      .limit(registeredLimits.runs)
      .execute();
  }

  /** Changed runs after that one, oldest first; one more than deltas are ever kept of. */
  changedSince(id: string, run: number): Promise<RunRow[]> {
    return this.database
      .selectFrom('registered_runs')
      .selectAll()
      .where('registered_id', '=', id)
      .where('outcome', '=', 'changed')
      .where('run', '>', String(run))
      .orderBy('run')
      .limit(registeredLimits.deltas + 1)
      .execute();
  }

  /** The last changed runs, newest first: those of which something may be kept somewhere. */
  async keptRuns(id: string): Promise<number[]> {
    const rows = await this.database
      .selectFrom('registered_runs')
      .select('run')
      .where('registered_id', '=', id)
      .where('outcome', '=', 'changed')
      .orderBy('run', 'desc')
      .limit(registeredLimits.deltas + 1)
      .execute();
    return rows.map(({ run }) => Number(run));
  }
}
