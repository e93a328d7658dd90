import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AttachedLinks, type Attachment } from '#apps/broker/src/gateway/attached-links.js';
import { SiteTracking } from '#apps/broker/src/gateway/site-tracking.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { LinkServer } from '#libs/link/link-server.js';
import type { Link, LinkClosure } from '#libs/link/link.js';

/** Looks after each link from the moment it exists: its handlers, its sites, its end. */
@Injectable()
export class LinkAttendant {
  private isStopping = false;

  constructor(
    private readonly attached: AttachedLinks,
    private readonly handlers: LinkServer,
    private readonly tracking: SiteTracking,
    private readonly audit: AuditTrail,
    private readonly log: EventLog,
  ) {}

  start(): void {
    this.tracking.start();
  }

  stop(): void {
    this.isStopping = true;
    this.tracking.stop();
  }

  attend(link: Link, peer: AgentPeer): void {
    const attachment = this.attached.add(link, peer);
    link.once('close', (closure) => this.depart(attachment, closure));
    this.handlers.attach(link, peer);
    this.log.write('agent.attached', { agentId: peer.agentId, practiceId: peer.practiceId });
    this.audit.note({ type: 'agent.joined', ...auditFields(peer) });
    void this.tracking.agentJoined(peer);
  }

  noteRefusal(code: ErrorCode): void {
    this.log.write('agent.refused', { code });
  }

  noteRenewal(notAfter: Date): void {
    this.log.write('certificate.renewed', { what: 'gateway', endsAt: notAfter.toISOString() });
  }

  private depart(attachment: Attachment, closure: LinkClosure): void {
    const { peer } = attachment;
    this.attached.remove(attachment);
    this.log.write('agent.detached', { agentId: peer.agentId, reason: closure.reason });
    if (this.attached.of(peer.agentId).length > 0) return;
    this.audit.note({ type: 'agent.left', ...auditFields(peer), reason: closure.reason });
    // An orderly end that this node did not bring about is the agent's goodbye; a cut is not.
    const isOrderly = closure.reason === 'closed' || closure.reason === 'drained';
    void this.tracking.agentLeft(peer, isOrderly && !this.isStopping);
  }
}

function auditFields({ agentId, practiceId, serial }: AgentPeer) {
  return { agent: agentId, practice: practiceId, certSerial: serial };
}
