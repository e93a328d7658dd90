import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { missingFrom } from '#apps/broker/src/grants/answered-requests.js';
import { askMore } from '#apps/broker/src/grants/ask-more.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import type { Grant } from '#libs/grants/grant.js';
import { parseScope } from '#libs/grants/scope.js';
import { Clock } from '#libs/kernel/clock.js';

type Within = Transaction<Database>;

/** What a practice has decided it is not asked again in that time. */
const QUIET_MS = 7 * 86_400_000;

export interface AccessAsk {
  siteId: string;
  integratorId: string;
  /** The API key it came with, or the person who asked in the console; for the audit record. */
  by: { keyId: string } | { actorRef: string };
  requestId?: string;
  more: AskedAccess;
}

/**
 * More than a permission gives, asked for where it is in force, without a pairing code: the practice
 * knows who asks. Its approval replaces the permission; until then the one in force stays.
 */
@Injectable()
export class AskAccess {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly grants: GrantBook,
    private readonly audit: AuditTrail,
    private readonly news: GrantNews,
    private readonly clock: Clock,
  ) {}

  /**
   * The same again is no error.
   * @returns whether it waits for the practice; otherwise all of it is permitted
   * @throws ConduitError ACCESS_NOT_ASKABLE; InvalidFields for what can't be asked for there
   */
  async execute(ask: AccessAsk): Promise<'waiting' | 'permitted'> {
    const { siteId, integratorId } = ask;
    const lookup = this.grants.find(siteId, integratorId);
    const held = lookup.state === 'active' ? lookup.grant : undefined;
    if (held && missingFrom(ask.more, [held]).length === 0) return 'permitted';
    const due = await this.database.transaction().execute((within) => this.ask(within, ask, held));
    await this.news.tell([siteId], due);
    return 'waiting';
  }

  private async ask(within: Within, ask: AccessAsk, held: Grant | undefined) {
    const { siteId, integratorId, by, requestId, more } = ask;
    const practiceId = await this.requireFit(within, ask);
    const requireQuiet = () => this.requireQuiet(within, ask, held);
    const outcome = await askMore(within, { siteId, integratorId, more, held, requireQuiet });
    if (outcome === 'not-askable') throw new ConduitError('ACCESS_NOT_ASKABLE');
    if (outcome === 'known') return [];
    await this.audit.record(
      {
        type: 'access-request.created',
        practice: practiceId,
        site: siteId,
        integrator: integratorId,
        ...by,
        ...(requestId !== undefined && { requestId }),
      },
      within,
    );
    return this.news.record(within, { type: 'grant.requested', integratorId, siteIds: [siteId] });
  }

  /** Holds the site's row. @returns the practice */
  private async requireFit(within: Within, { siteId, integratorId, more }: AccessAsk) {
    const site = await within
      .selectFrom('sites')
      .select(['practice_id', 'catalogues'])
      .where('site_id', '=', siteId)
      .forUpdate()
      .executeTakeFirst();
    if (!site) throw new ConduitError('SITE_NOT_FOUND');
    const { purposes } = await within
      .selectFrom('integrators')
      .select('purposes')
      .where('integrator_id', '=', integratorId)
      .executeTakeFirstOrThrow();
    const names = site.catalogues.map(({ name }) => name);
    // A statement is asked for where its text is: a practice is to read what it permits.
    const isAskable = (scope: string) =>
      !['statement', undefined].includes(parseScope(scope)?.kind);
    const problems = [
      { field: 'scopes', fits: more.scopes.every(isAskable) },
      { field: 'catalogues', fits: more.catalogues.every((name) => names.includes(name)) },
      { field: 'purposes', fits: more.purposes.every((purpose) => purposes.includes(purpose)) },
    ].filter(({ fits }) => !fits);
    if (problems.length > 0)
      throw new InvalidFields(
        problems.map(({ field }) => ({ field, problem: 'can’t be asked for at this site' })),
      );
    return site.practice_id;
  }

  private async requireQuiet(within: Within, ask: AccessAsk, held: Grant | undefined) {
    const { siteId, integratorId, more } = ask;
    const decided = await within
      .selectFrom('access_requests')
      .select('asked')
      .where('site_id', '=', siteId)
      .where('integrator_id', '=', integratorId)
      .where('decided_at', '>', new Date(this.clock.now() - QUIET_MS))
      .execute();
    const wanted = missingFrom(more, held ? [held] : []);
    const wasAsked = ({ asked }: { asked: object }) =>
      missingFrom(more, [...(held ? [held] : []), asked as AskedAccess]).length < wanted.length;
    if (decided.some(wasAsked)) throw new ConduitError('ACCESS_NOT_ASKABLE');
  }
}
