import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { DIAGNOSIS_MS } from '#apps/broker/src/fleet/ask-diagnosis.js';
import { moment } from '#apps/broker/src/fleet/fleet-agent.js';
import type { Diagnosis } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';
import { Clock } from '#libs/kernel/clock.js';

/** What the last diagnosis of an agent found, or that it is under way. */
@Injectable()
export class FindDiagnosis {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  async last(agentId: string): Promise<Diagnosis | undefined> {
    const row = await this.database
      .selectFrom('agent_diagnoses')
      .selectAll()
      .where('agent_id', '=', agentId)
      .orderBy('asked_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row) return undefined;
    const code = row.error_code;
    const ageMs = this.clock.now() - row.asked_at.getTime();
    return {
      diagnosisId: row.diagnosis_id,
      askedAt: row.asked_at.toISOString(),
      ...moment('endedAt', row.ended_at),
      isUnderWay: row.ended_at === null && ageMs < DIAGNOSIS_MS,
      ...(isErrorCode(code) && {
        error: { code, title: catalogue[code].title, remedy: catalogue[code].remedy },
      }),
      ...(row.findings && { findings: row.findings }),
    };
  }
}
