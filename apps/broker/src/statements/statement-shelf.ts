/** An integrator's statements: kept only when their text has no place for anybody's facts. */
import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { lockIntegrator } from '#apps/broker/src/integrators/lock-integrator.js';
import { scopeOfStatement } from '#apps/broker/src/statements/statement-texts.js';
import { unfitWords } from '#apps/broker/src/statements/unfit-words.js';
import type { AuditAction } from '#libs/audit/audit-record.js';
import type { SubmitStatementRequest } from '#libs/console-api/statement.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { checkAgreedStatement } from '#libs/tsql/agreed-statement.js';

/** Nobody reads and decides on more than these. */
export const statementLimit = 100;

@Injectable()
export class StatementShelf {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns its id
   * @throws ConduitError STATEMENT_UNFIT naming the place; STATEMENT_KNOWN, STATEMENT_LIMIT
   */
  async submit(
    integratorId: string,
    personId: string,
    { name, description, text }: SubmitStatementRequest,
  ): Promise<string> {
    const changes = changesOf(text);
    const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
    const statementId = randomUUID();
    await this.database.transaction().execute(async (within) => {
      await lockIntegrator(within, integratorId);
      const live = await within
        .selectFrom('submitted_statements')
        .select('sha256')
        .where('integrator_id', '=', integratorId)
        .where('withdrawn_at', 'is', null)
        .execute();
      if (live.some((row) => row.sha256 === sha256)) throw new ConduitError('STATEMENT_KNOWN');
      if (live.length >= statementLimit)
        throw new ConduitError('STATEMENT_LIMIT', { facts: { limit: statementLimit } });
      await within
        .insertInto('submitted_statements')
        .values({
          ...{ statement_id: statementId, integrator_id: integratorId, sha256 },
          ...{ name, description, text, changes, submitted_by: personId, withdrawn_at: null },
          submitted_at: new Date(this.clock.now()),
        })
        .execute();
      await this.record(within, 'statement.submitted', { integratorId, personId, sha256 });
    });
    return statementId;
  }

  /**
   * Sites can't be asked for it any more. What practices permitted stays permitted, and readable for them.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND
   */
  async withdraw(integratorId: string, personId: string, statementId: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      const row = await within
        .updateTable('submitted_statements')
        .set({ withdrawn_at: new Date(this.clock.now()) })
        .where('statement_id', '=', statementId)
        .where('integrator_id', '=', integratorId)
        .where('withdrawn_at', 'is', null)
        .returning('sha256')
        .executeTakeFirst();
      if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      // Nobody but its author has seen one that no site was asked for.
      await within
        .deleteFrom('submitted_statements')
        .where('statement_id', '=', statementId)
        .where((other) =>
          other.not(
            other.exists(
              other
                .selectFrom('statement_asks')
                .select('site_id')
                .where('statement_asks.statement_id', '=', statementId),
            ),
          ),
        )
        .execute();
      const { sha256 } = row;
      await this.record(within, 'statement.withdrawn', { integratorId, personId, sha256 });
    });
  }

  private record(
    within: Transaction<Database>,
    type: AuditAction,
    by: { integratorId: string; personId: string; sha256: string },
  ): Promise<void> {
    const { integratorId: integrator, personId: actorRef, sha256 } = by;
    const statementRef = scopeOfStatement(sha256);
    return this.audit.record({ type, integrator, actorRef, statementRef }, within);
  }
}

function changesOf(text: string): boolean {
  const verdict = checkAgreedStatement(text);
  if (verdict.ok) return verdict.changes;
  const { reason, line, column } = verdict;
  const problem = unfitWords(reason, line, column);
  throw new ConduitError('STATEMENT_UNFIT', { facts: { field: 'text', problem, reason } });
}
