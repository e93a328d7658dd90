/**
 * A request that another node sends on because the site's agent is attached here. It goes to that agent
 * or nowhere: never on to a third node, so that no two nodes can send one to and fro. The bytes pass
 * untouched and at the asker's pace; whether anything is allowed is the agent's to decide, as ever.
 */
import { Injectable } from '@nestjs/common';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkContext } from '#libs/link/link-context.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkRequest } from '#libs/link/link-request.js';

/** What callers wait for. Everything else finds its node through the store. */
export const forwardedPatterns = [agentPatterns.runQuery, agentPatterns.findWrite] as const;
export type ForwardedPattern = (typeof forwardedPatterns)[number];

@Injectable()
export class ServeForwarded {
  constructor(private readonly links: SiteLinks) {}

  /** @throws ConduitError LINK_REFUSED: the agent is not attached here, nothing was done; else as the agent answers */
  async execute(
    { pattern, meta, body }: LinkRequest,
    { signal }: LinkContext,
  ): Promise<StreamedReply> {
    const siteId = meta['siteId'];
    const agent = typeof siteId === 'string' ? this.links.find(siteId) : undefined;
    if (!agent) throw new ConduitError('LINK_REFUSED');
    const reader = await agent.request(pattern, meta, body, { signal });
    const reply = { body: reader.body, end: () => reader.end };
    return new StreamedReply(reader.head ? { ...reply, head: reader.head } : reply);
  }
}
