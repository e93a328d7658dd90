/**
 * Asks a site's agent what became of a write. The broker knows nothing of it itself: what the agent
 * answers is checked for its form and passed on.
 */
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { ReachSite } from '#apps/broker/src/nodes/reach-site.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { isWriteKey } from '#apps/broker/src/writes/write-key.js';
import { readWriteAnswer } from '#apps/broker/src/writes/write-answer.js';
import { agentPatterns, type FindWriteAnswer } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { trailerOf } from '#libs/link/link-client.js';

export interface WriteView extends FindWriteAnswer {
  idempotencyKey: string;
  siteId: string;
}

const ANSWER_WITHIN_MS = 20_000;

/** The site could not be asked, or did not answer: nothing follows from that about the write. */
const NOT_HEARD: readonly ErrorCode[] = [
  'LINK_CLOSED',
  'LINK_REFUSED',
  'LINK_PROTOCOL',
  'LINK_PATTERN_UNKNOWN',
  'EXECUTION_TIMEOUT',
];

@Injectable()
export class FindWrite {
  constructor(
    private readonly sites: SiteBook,
    private readonly reach: ReachSite,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param receipt the id by which the record of this answer is found
   * @throws ConduitError SITE_NOT_FOUND, KEY_SITE_FORBIDDEN, ACCESS_FROZEN, IDEMPOTENCY_KEY_INVALID, the agent's refusal
   */
  async execute(
    caller: CallerIdentity,
    siteId: string,
    key: string,
    { requestId, receipt }: { requestId: string; receipt: string },
  ): Promise<WriteView> {
    this.sites.requireUnfrozen(caller, siteId);
    if (!isWriteKey(key)) throw new ConduitError('IDEMPOTENCY_KEY_INVALID');
    if (!this.audit.accepts()) throw new ConduitError('AUDIT_UNAVAILABLE');
    const { integratorId } = caller;
    const practiceId = this.sites.find(siteId)?.practiceId;
    const asked = {
      type: 'write.found',
      ...(practiceId !== undefined && { practice: practiceId }),
      site: siteId,
      integrator: integratorId,
      keyId: caller.keyId,
      requestId,
      queryId: receipt,
    } as const;
    // The caller may use one request id many times; the agent's record has to be told from others.
    const question = { requestId: receipt, siteId, integratorId, key };
    const answer = await this.ask(question).catch((thrown: unknown) => {
      const { code } = toConduitError(thrown);
      this.audit.note({ ...asked, outcome: 'refused', errorCode: code });
      throw thrown;
    });
    this.audit.note({ ...asked, outcome: 'successful', reason: answer.state });
    return { idempotencyKey: key, siteId, ...answer };
  }

  private async ask(meta: { siteId: string; [field: string]: string }): Promise<FindWriteAnswer> {
    const { siteId } = meta;
    try {
      const request = { pattern: agentPatterns.findWrite, meta };
      const reply = await this.reach.request(request, { deadlineMs: ANSWER_WITHIN_MS });
      return readWriteAnswer(await trailerOf(reply));
    } catch (thrown) {
      const error = toConduitError(thrown);
      if (error.code === 'LINK_REFUSED')
        return { state: 'unknown', reason: this.reach.absence(siteId) };
      if (NOT_HEARD.includes(error.code)) return { state: 'unknown', reason: error.code };
      throw error;
    }
  }
}
