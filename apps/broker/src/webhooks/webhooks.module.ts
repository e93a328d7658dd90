/**
 * Webhooks: integrators are told what happened, at addresses they register themselves. Promises:
 * nothing but ids, types and times leaves; every body is signed; only public addresses are called,
 * checked again at each delivery; one dead receiver holds up no other.
 */
import { Global, Module } from '@nestjs/common';
import { RecordedWebhookEvents } from '#apps/broker/src/webhooks/recorded-webhook-events.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';

@Global()
@Module({
  providers: [{ provide: WebhookEvents, useClass: RecordedWebhookEvents }],
  exports: [WebhookEvents],
})
export class WebhooksModule {}
