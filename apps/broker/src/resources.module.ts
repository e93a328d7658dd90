/**
 * What every room of the broker may ask for by type, made once per process: settings, the store
 * (`Kysely`), the clock, the broadcast between nodes, the event log. Nest closes nothing of it:
 * main.ts does, after the last request.
 */
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface Resources {
  config: BrokerConfig;
  kysely: Kysely<Database>;
  clock: Clock;
  broadcast: Broadcast;
  log: EventLog;
}

@Global()
@Module({})
export class ResourcesModule {
  static of(resources: Resources): DynamicModule {
    const providers = [
      { provide: BrokerConfig, useValue: resources.config },
      { provide: Kysely, useValue: resources.kysely },
      { provide: Clock, useValue: resources.clock },
      { provide: Broadcast, useValue: resources.broadcast },
      { provide: EventLog, useValue: resources.log },
    ];
    return { module: ResourcesModule, providers, exports: providers.map((p) => p.provide) };
  }
}
