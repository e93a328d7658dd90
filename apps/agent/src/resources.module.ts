/**
 * What every room of the agent may ask for by type, made once per process: settings, clock, log, the
 * identity on disk with its keys, and the server of the link's handlers.
 */
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { EncryptionKeys } from '#apps/agent/src/identity/encryption-keys.js';
import { JoinCounter } from '#apps/agent/src/identity/join-counter.js';
import { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { Clock, SystemClock } from '#libs/kernel/clock.js';
import { LinkServer } from '#libs/link/link-server.js';

export interface Resources {
  config: AgentConfig;
  log: EventLog;
  clock: Clock;
  identity: AgentIdentity;
  credentials: TlsCredentials;
  joins: JoinCounter;
  encryption: EncryptionKeys;
  handlers: LinkServer;
}

/** @throws ConduitError AGENT_NOT_ENROLLED */
export async function openResources(config: AgentConfig, log: EventLog): Promise<Resources> {
  const identity = await AgentIdentity.load(config.stateFolder);
  const { folder } = identity;
  return {
    config,
    log,
    clock: new SystemClock(),
    identity,
    credentials: await TlsCredentials.load(folder),
    joins: await JoinCounter.load(folder),
    encryption: await EncryptionKeys.load(folder),
    handlers: new LinkServer({
      onUnexpectedError: (error, pattern) => {
        const errorName = error instanceof Error ? error.name : typeof error;
        log.write('link-request.failed', { pattern, errorName });
      },
    }),
  };
}

@Global()
@Module({})
export class ResourcesModule {
  static of(resources: Resources): DynamicModule {
    const providers = [
      { provide: AgentConfig, useValue: resources.config },
      { provide: EventLog, useValue: resources.log },
      { provide: Clock, useValue: resources.clock },
      { provide: AgentIdentity, useValue: resources.identity },
      { provide: OwnIdentity, useValue: resources.identity },
      { provide: TlsCredentials, useValue: resources.credentials },
      { provide: JoinCounter, useValue: resources.joins },
      { provide: EncryptionKeys, useValue: resources.encryption },
      { provide: LinkServer, useValue: resources.handlers },
    ];
    return { module: ResourcesModule, providers, exports: providers.map((p) => p.provide) };
  }
}
