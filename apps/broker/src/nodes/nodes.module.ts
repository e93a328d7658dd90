/**
 * From the node that a caller asked to the node that holds the agent's link, over the agents' own
 * protocol and mutual TLS between nodes. Promises: Redis knows where an agent is and nothing else; a
 * stream keeps its pace, its cancellation and its errors over both links; no request is sent on twice.
 * A node that stands alone has none of it.
 */
import { Module } from '@nestjs/common';
import { AuthorityModule } from '#apps/broker/src/enrolment/authority.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { AnnounceAgents } from '#apps/broker/src/nodes/announce-agents.js';
import { KnownPlaces } from '#apps/broker/src/nodes/known-places.js';
import { NodeDoor } from '#apps/broker/src/nodes/node-door.js';
import { NodeIdentity } from '#apps/broker/src/nodes/node-identity.js';
import { NodeLinks } from '#apps/broker/src/nodes/node-links.js';
import { Presence } from '#apps/broker/src/nodes/presence.port.js';
import { RedisPresence } from '#apps/broker/src/nodes/presence.redis.js';
import { ReachSite } from '#apps/broker/src/nodes/reach-site.js';
import { ServeForwarded } from '#apps/broker/src/nodes/serve-forwarded.js';

@Module({
  imports: [AuthorityModule, GatewayModule],
  providers: [
    AnnounceAgents,
    KnownPlaces,
    NodeDoor,
    NodeIdentity,
    NodeLinks,
    ReachSite,
    ServeForwarded,
    { provide: Presence, useClass: RedisPresence },
  ],
  exports: [NodeDoor, ReachSite],
})
export class NodesModule {}
