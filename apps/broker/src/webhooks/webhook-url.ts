/**
 * What an endpoint's URL may look like. `{siteId}`, `{queryId}` and `{source}` may stand in its path
 * and query, as with Halo; where it leads to is the same for every event.
 */
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { DeliveredEvent } from '#apps/broker/src/webhooks/webhook-body.js';
import { sourceOf } from '#apps/broker/src/webhooks/webhook-body.js';

const VARIABLE = /\{(siteId|queryId|source)\}/g;

/** @throws InvalidFields naming `url` */
export function requireWebhookUrl(template: string): void {
  const problem = problemOf(template);
  if (problem) throw new InvalidFields([{ field: 'url', problem }]);
}

function problemOf(template: string): string | undefined {
  // A parser would drop these without a word; what is stored shall be what is called.
  if (/[\s\\\p{Cc}]/u.test(template))
    return 'must hold no blanks, backslashes or control characters';
  const url = parse(template, 'a');
  if (!url) return 'must be an absolute URL';
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must hold no user name or password';
  if (url.hash !== '' || template.includes('#')) return 'must hold no fragment';
  if (url.origin !== parse(template, 'b')?.origin)
    return 'must have its variables in the path or the query';
  if (/[{}]/.test(template.replaceAll(VARIABLE, '')))
    return 'knows the variables {siteId}, {queryId} and {source} only';
  return undefined;
}

function parse(template: string, filling: string): URL | undefined {
  const text = template.replaceAll(VARIABLE, filling);
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** The URL for one event; what the event has not leaves nothing in its place. */
export function fillWebhookUrl(template: string, event: DeliveredEvent): URL {
  const values: Record<string, string | undefined> = {
    siteId: event.siteId,
    queryId: event.queryId,
    source: sourceOf(event.type),
  };
  const fill = (_: string, name: string) => encodeURIComponent(values[name] ?? '');
  return new URL(template.replaceAll(VARIABLE, fill));
}
