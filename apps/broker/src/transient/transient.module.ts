/** Redis for what may be lost: one connection for commands, whatever room they come from. */
import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { TransientBudget } from '#apps/broker/src/transient/transient-budget.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';

@Global()
@Module({
  providers: [
    TransientBudget,
    {
      provide: TransientStore,
      useFactory: ({ redisUrl }: BrokerConfig) => TransientStore.open(redisUrl?.reveal()),
      inject: [BrokerConfig],
    },
  ],
  exports: [TransientBudget, TransientStore],
})
export class TransientModule implements OnApplicationShutdown {
  constructor(private readonly store: TransientStore) {}

  onApplicationShutdown(): void {
    this.store.close();
  }
}
