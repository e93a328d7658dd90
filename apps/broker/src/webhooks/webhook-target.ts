import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { countryDoubt } from '#apps/broker/src/webhooks/webhook-country.js';
import { fillWebhookUrl, requireWebhookUrl } from '#apps/broker/src/webhooks/webhook-url.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { Database } from '#libs/db/schema.js';

/**
 * Whether a URL may be stored. Where it leads is looked at again before each call; looking now spares
 * its owner five days of failures. One answer for a name that does not exist and one that leads
 * inside: else this would be a way to ask for names of our own network.
 */
@Injectable()
export class WebhookTarget {
  constructor(
    private readonly receiver: CallReceiver,
    private readonly kysely: Kysely<Database>,
  ) {}

  /**
   * @param country where its owner says that it is
   * @param known what was said of it before; null: nothing
   * @throws InvalidFields naming `url` or `country`
   */
  async require(
    integratorId: string,
    { url, country }: { url?: string; country?: string },
    known: string | null = null,
  ): Promise<void> {
    if (url === undefined && country === undefined) return;
    const { countries } = await this.kysely
      .selectFrom('integrators')
      .select('countries')
      .where('integrator_id', '=', integratorId)
      .executeTakeFirstOrThrow();
    const doubt = countryDoubt(country ?? known, countries, this.receiver.hasAddressTable);
    const choice = countries.join(', ');
    if (doubt === 'none-declared')
      refuse('country', 'cannot be accepted: declare the countries where you keep data first');
    if (doubt === 'not-declared')
      refuse('country', `must be one of the countries that you declare: ${choice}`);
    if (doubt === 'not-said')
      refuse('country', `must say in which of the countries that you declare it is: ${choice}`);
    if (url === undefined) return;
    requireWebhookUrl(url);
    const filled = fillWebhookUrl(url, { eventId: '', type: 'webhook.test', occurredAtMs: 0 });
    const refused = await this.receiver.wouldRefuse(filled, countries);
    if (refused === 'country-refused')
      refuse('url', 'must name a host in the countries that you declare');
    if (refused) refuse('url', 'must name a host that has public addresses only');
  }
}

function refuse(field: string, problem: string): never {
  throw new InvalidFields([{ field, problem }]);
}
