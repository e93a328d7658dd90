/** Whether this node should get traffic, and why not. */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { Database } from '#libs/db/schema.js';

export interface ReadinessReport {
  ready: boolean;
  checks: {
    database: 'ok' | 'unavailable';
    /** Degraded is still ready: immediate queries run without it. */
    redis: 'ok' | 'degraded' | 'alone';
    audit: 'ok' | 'stalled';
    listener: 'ok' | 'draining';
  };
}

const DATABASE_WAIT_MS = 2_000;

@Injectable()
export class Readiness {
  private draining = false;
  private readonly drainListeners: (() => void)[] = [];

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly audit: AuditTrail,
  ) {}

  /** From now on this node reports that it is leaving. */
  drain(): void {
    this.draining = true;
    for (const listener of this.drainListeners) listener();
  }

  /** For answers that never end by themselves: stopping waits for every answer. */
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  async report(): Promise<ReadinessReport> {
    const checks: ReadinessReport['checks'] = {
      database: await this.database(),
      redis: this.broadcast.state(),
      audit: this.audit.accepts() ? 'ok' : 'stalled',
      listener: this.draining ? 'draining' : 'ok',
    };
    const { database, audit, listener } = checks;
    return { ready: database === 'ok' && audit === 'ok' && listener === 'ok', checks };
  }

  private async database(): Promise<'ok' | 'unavailable'> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'unavailable'>((resolve) => {
      timer = setTimeout(() => resolve('unavailable'), DATABASE_WAIT_MS);
    });
    const asked = sql`select 1`.execute(this.kysely).then(
      () => 'ok' as const,
      () => 'unavailable' as const,
    );
    const answer = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answer;
  }
}
