import { Injectable } from '@nestjs/common';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { fillWebhookUrl, requireWebhookUrl } from '#apps/broker/src/webhooks/webhook-url.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';

/**
 * Whether a URL may be stored. Where it leads is looked at again before each call; looking now spares
 * its owner five days of failures. One answer for a name that does not exist and one that leads
 * inside: else this would be a way to ask for names of our own network.
 */
@Injectable()
export class WebhookTarget {
  constructor(private readonly receiver: CallReceiver) {}

  /** @throws InvalidFields naming `url` */
  async require(url: string): Promise<void> {
    requireWebhookUrl(url);
    const filled = fillWebhookUrl(url, { eventId: '', type: 'webhook.test', occurredAtMs: 0 });
    if (await this.receiver.leadsOutside(filled)) return;
    throw new InvalidFields([
      { field: 'url', problem: 'must name a host that has public addresses only' },
    ]);
  }
}
