import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { moment } from '#apps/broker/src/fleet/fleet-agent.js';
import type { Diagnosis } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';

/** What the last diagnosis of an agent found, or that it is under way. */
@Injectable()
export class FindDiagnosis {
  constructor(private readonly database: Kysely<Database>) {}

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
    return {
      diagnosisId: row.diagnosis_id,
      askedAt: row.asked_at.toISOString(),
      ...moment('endedAt', row.ended_at),
      ...(isErrorCode(code) && {
        error: { code, title: catalogue[code].title, remedy: catalogue[code].remedy },
      }),
      ...(row.findings && { findings: row.findings }),
    };
  }
}
