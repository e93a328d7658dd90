/**
 * Alerts to a webhook: Standard Webhooks 1.0, signed with a secret that is derived for the rule, so
 * that none is stored. Called like integrators' webhooks: public addresses only, no redirects.
 */
import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { AlertWord, NoticeOutcome } from '#apps/broker/src/fleet/alert-words.js';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { Clock } from '#libs/kernel/clock.js';

const KEY_BYTES = 32;

@Injectable()
export class AlertWebhook {
  constructor(
    private readonly config: BrokerConfig,
    private readonly receiver: CallReceiver,
    private readonly clock: Clock,
  ) {}

  /** `whsec_…`, for whoever is to check the signatures of this address. */
  secretFor(url: string): string {
    return `whsec_${this.keyFor(url).toString('base64')}`;
  }

  /** Whether the residency manifest names its host: what is not declared is not called. */
  isDeclared(target: string): boolean {
    return (
      URL.canParse(target) && this.config.residency.permits(new URL(target).hostname, 'alerts')
    );
  }

  async send(target: string, words: readonly AlertWord[]): Promise<NoticeOutcome> {
    const id = randomUUID();
    const body = Buffer.from(JSON.stringify({ id, alerts: words.map(bodyOf) }));
    const timestamp = String(Math.floor(this.clock.now() / 1_000));
    const mac = createHmac('sha256', this.keyFor(target)).update(`${id}.${timestamp}.`);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac.update(body).digest('base64')}`,
    };
    if (!this.isDeclared(target)) return 'later';
    const { error } = await this.receiver.post(new URL(target), headers, body);
    return error === undefined ? 'sent' : 'later';
  }

  private keyFor(url: string): Buffer {
    const pepper = this.config.keyPepper.reveal();
    return Buffer.from(
      hkdfSync('sha256', pepper, '', `conduit alert webhooks v1 ${url}`, KEY_BYTES),
    );
  }
}

function bodyOf({ alertId, kind, agentId, cause, what, openedAt, closedAt }: AlertWord) {
  return {
    type: `alert.${what}`,
    alertId,
    kind,
    agentId,
    cause,
    openedAt: openedAt.toISOString(),
    ...(closedAt && { closedAt: closedAt.toISOString() }),
  };
}
