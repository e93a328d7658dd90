/**
 * Where agents attach: the mutual TLS listener, who may come in, which links are live and which
 * sites they serve. Promises: the store is asked at every handshake; a revoked agent's links are cut
 * within two seconds and none of their later frames is looked at; copies and old backups of an agent
 * are shut out and the practice is told; losing Redis disturbs no link.
 */
import { Module } from '@nestjs/common';
import { AuthorityModule } from '#apps/broker/src/enrolment/authority.module.js';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { AdmitAgent } from '#apps/broker/src/gateway/admit-agent.js';
import { AgentAllowances } from '#apps/broker/src/gateway/agent-allowances.js';
import { AgentKeysController } from '#apps/broker/src/gateway/agent-keys.controller.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AgentReportsController } from '#apps/broker/src/gateway/agent-reports.controller.js';
import { AgentSignals } from '#apps/broker/src/gateway/agent-signals.js';
import { AgentWatch } from '#apps/broker/src/gateway/agent-watch.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import { Gateway } from '#apps/broker/src/gateway/gateway.js';
import { LinkAttendant } from '#apps/broker/src/gateway/link-attendant.js';
import { RecordReport } from '#apps/broker/src/gateway/record-report.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import { RenewCertificate } from '#apps/broker/src/gateway/renew-certificate.js';
import { ReportedPlaces } from '#apps/broker/src/gateway/reported-places.js';
import { RevokeAgent } from '#apps/broker/src/gateway/revoke-agent.js';
import { RotateEncryptionKey } from '#apps/broker/src/gateway/rotate-encryption-key.js';
import { AttachedSiteLinks } from '#apps/broker/src/gateway/attached-site-links.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { SiteTracking } from '#apps/broker/src/gateway/site-tracking.js';
import { UpdateWindowController } from '#apps/broker/src/gateway/update-window.controller.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { LinkServer } from '#libs/link/link-server.js';

@Module({
  imports: [AuthorityModule, EnrolmentModule],
  controllers: [AgentReportsController, AgentKeysController, UpdateWindowController],
  providers: [
    AdmitAgent,
    AgentAllowances,
    AgentSignals,
    AgentWatch,
    AttachedLinks,
    BlockAgent,
    Gateway,
    LinkAttendant,
    RecordReport,
    ReleaseAgent,
    RenewCertificate,
    ReportedPlaces,
    RevokeAgent,
    RotateEncryptionKey,
    SiteRegister,
    SiteTracking,
    { provide: SiteLinks, useClass: AttachedSiteLinks },
    {
      provide: LinkServer,
      useFactory: (log: EventLog, allowances: AgentAllowances) =>
        new LinkServer({
          enter: (peer, pattern) => allowances.enter(peer as AgentPeer, pattern),
          onUnexpectedError: (error, pattern) =>
            log.write('link-request.failed', {
              pattern,
              errorName: error instanceof Error ? error.name : typeof error,
            }),
        }),
      inject: [EventLog, AgentAllowances],
    },
  ],
  exports: [
    AttachedLinks,
    BlockAgent,
    Gateway,
    LinkServer,
    ReleaseAgent,
    RevokeAgent,
    SiteLinks,
    SiteRegister,
  ],
})
export class GatewayModule {}
