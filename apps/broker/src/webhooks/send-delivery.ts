import { Injectable } from '@nestjs/common';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import type { ClaimedDelivery } from '#apps/broker/src/webhooks/delivery-book.js';
import type { AttemptOutcome } from '#apps/broker/src/webhooks/retry-plan.js';
import { signatureHeaders, type Signing } from '#apps/broker/src/webhooks/sign-delivery.js';
import { webhookBody } from '#apps/broker/src/webhooks/webhook-body.js';
import { countryDoubt } from '#apps/broker/src/webhooks/webhook-country.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { fillWebhookUrl } from '#apps/broker/src/webhooks/webhook-url.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import { Clock } from '#libs/kernel/clock.js';

/** One attempt: the body from its ids, signed for this moment, to where its endpoint says. */
@Injectable()
export class SendDelivery {
  constructor(
    private readonly receiver: CallReceiver,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  /** Never rejects. */
  async execute({
    deliveryId,
    endpoint,
    countries,
    event,
    attempt,
  }: ClaimedDelivery): Promise<AttemptOutcome> {
    const nowMs = this.clock.now();
    const signing = this.signingOf(endpoint, nowMs);
    if (!signing) return { error: 'secret-unusable', durationMs: 0 };
    // Declared once, and perhaps not any more.
    if (countryDoubt(endpoint.country, countries, this.receiver.hasAddressTable))
      return { error: 'country-refused', durationMs: 0 };
    const body = webhookBody(event, endpoint.signature);
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Conduit-Webhooks/1',
      'X-Conduit-Event': event.type,
      'X-Conduit-Delivery': deliveryId,
      'X-Conduit-Attempt': String(attempt),
      ...signatureHeaders(signing, event.eventId, nowMs, body),
    };
    return this.receiver.post(fillWebhookUrl(endpoint.url, event), headers, body, countries);
  }

  /** @returns undefined when the server's secret is another than the one it was sealed under */
  private signingOf(endpoint: WebhookRow, nowMs: number): Signing | undefined {
    const { webhook_id: id, previous_sealed_secret: before, previous_until: until } = endpoint;
    const overlaps = before !== null && until !== null && until.getTime() > nowMs;
    try {
      return {
        style: endpoint.signature,
        current: this.secrets.open(id, endpoint.sealed_secret),
        ...(overlaps && { previous: this.secrets.open(id, before) }),
      };
    } catch {
      return undefined;
    }
  }
}
