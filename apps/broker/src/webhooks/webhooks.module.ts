/**
 * Webhooks: integrators are told what happened, at addresses they register themselves. Promises:
 * nothing but ids, types and times leaves; every body is signed; only public addresses are called,
 * checked again at each delivery; what is pending is in the store and survives Redis and any node;
 * one dead receiver holds up no other.
 */
import { Global, Module } from '@nestjs/common';
import { JobsModule } from '#apps/broker/src/jobs/jobs.module.js';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { ChangeWebhook } from '#apps/broker/src/webhooks/change-webhook.js';
import { CreateWebhook } from '#apps/broker/src/webhooks/create-webhook.js';
import { DeliverWebhook } from '#apps/broker/src/webhooks/deliver-webhook.js';
import { DeliveriesController } from '#apps/broker/src/webhooks/deliveries.controller.js';
import { DeliveryBook } from '#apps/broker/src/webhooks/delivery-book.js';
import { DeliveryLog } from '#apps/broker/src/webhooks/delivery-log.js';
import { DeliverySweep } from '#apps/broker/src/webhooks/delivery-sweep.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import { PurgeWebhookDeliveries } from '#apps/broker/src/webhooks/purge-webhook-deliveries.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { RecordedWebhookEvents } from '#apps/broker/src/webhooks/recorded-webhook-events.js';
import { Redeliver } from '#apps/broker/src/webhooks/redeliver.js';
import { RotateWebhookSecret } from '#apps/broker/src/webhooks/rotate-webhook-secret.js';
import { SendDelivery } from '#apps/broker/src/webhooks/send-delivery.js';
import { SettleDelivery } from '#apps/broker/src/webhooks/settle-delivery.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import { WebhookMetrics } from '#apps/broker/src/webhooks/webhook-metrics.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { WebhookTarget } from '#apps/broker/src/webhooks/webhook-target.js';
import { WebhooksController } from '#apps/broker/src/webhooks/webhooks.controller.js';

@Global()
@Module({
  imports: [JobsModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [
    CallReceiver,
    ChangeWebhook,
    CreateWebhook,
    DeliverWebhook,
    DeliveryBook,
    DeliveryLog,
    DeliverySweep,
    FindWebhooks,
    PurgeWebhookDeliveries,
    RecordWebhookEvents,
    Redeliver,
    RotateWebhookSecret,
    SendDelivery,
    SettleDelivery,
    SiteNews,
    WakeDeliveries,
    WebhookMetrics,
    WebhookSecrets,
    WebhookTarget,
    { provide: WebhookEvents, useClass: RecordedWebhookEvents },
  ],
  exports: [
    CallReceiver,
    ChangeWebhook,
    CreateWebhook,
    DeliveryLog,
    FindWebhooks,
    RecordWebhookEvents,
    Redeliver,
    RotateWebhookSecret,
    SiteNews,
    WakeDeliveries,
    WebhookEvents,
  ],
})
export class WebhooksModule {}
