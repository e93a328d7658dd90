import { Injectable } from '@nestjs/common';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { LinkClient } from '#libs/link/link-client.js';
import type { Link } from '#libs/link/link.js';

export interface Attachment {
  link: Link;
  peer: AgentPeer;
  client: LinkClient;
}

/** An honest agent replaces its link for a while by a second one; never does it need more. */
const LINKS_PER_AGENT = 2;
const PROBE_MS = 3_000;

/** The live links of this node, by agent. Each agent's newest link takes new requests. */
@Injectable()
export class AttachedLinks {
  private readonly byAgent = new Map<string, Attachment[]>();

  add(link: Link, peer: AgentPeer): Attachment {
    const attachment = { link, peer, client: new LinkClient(link) };
    const attachments = this.byAgent.get(peer.agentId) ?? [];
    this.byAgent.set(peer.agentId, [...attachments, attachment]);
    for (const surplus of attachments.slice(0, -(LINKS_PER_AGENT - 1))) surplus.link.terminate();
    return attachment;
  }

  remove(attachment: Attachment): void {
    const { agentId } = attachment.peer;
    const rest = this.of(agentId).filter((candidate) => candidate !== attachment);
    if (rest.length > 0) this.byAgent.set(agentId, rest);
    else this.byAgent.delete(agentId);
  }

  /** Oldest first. */
  of(agentId: string): readonly Attachment[] {
    return this.byAgent.get(agentId) ?? [];
  }

  newest(agentId: string): Attachment | undefined {
    return this.of(agentId).findLast(({ link }) => link.state === 'open');
  }

  agentIds(): string[] {
    return [...this.byAgent.keys()];
  }

  all(): Attachment[] {
    return [...this.byAgent.values()].flat();
  }

  /** Cuts an agent's links at once: no frame that arrives afterwards is looked at. */
  terminate(agentId: string): number {
    const attachments = this.of(agentId);
    for (const { link } of attachments) link.terminate();
    return attachments.length;
  }

  /**
   * Whether another process of the same agent is truly there. A half-open socket, left behind by a
   * crash or a changed network, doesn't answer and is cut; a process that answers is a copy.
   */
  async hasLiveRival(agentId: string, instanceId: string): Promise<boolean> {
    const rivals = this.of(agentId).filter(({ peer }) => peer.join.instanceId !== instanceId);
    const answers = await Promise.all(rivals.map(answersProbe));
    rivals.forEach(({ link }, index) => answers[index] || link.terminate());
    return answers.includes(true);
  }
}

async function answersProbe({ client }: Attachment): Promise<boolean> {
  try {
    await client.request(agentPatterns.readTime, {}, undefined, { deadlineMs: PROBE_MS });
    return true;
  } catch (error) {
    // Any other refusal is an answer too: somebody is alive there.
    return !['LINK_CLOSED', 'LINK_REFUSED', 'EXECUTION_TIMEOUT'].includes(
      toConduitError(error).code,
    );
  }
}
