/**
 * A request's content type as far as it matters here. Fastify keeps the last hundred values that it
 * has seen for as long as the process lives; what a caller wrote into that header is not to be one.
 */

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const TEXT_TYPE = /^text\/plain\s*(?:;|$)/i;

/** @returns one of four types, for any text */
export function plainContentType(text: string): string {
  if (JSON_TYPE.test(text)) return 'application/json';
  if (FORM_TYPE.test(text)) return 'application/x-www-form-urlencoded';
  if (TEXT_TYPE.test(text)) return 'text/plain';
  return 'application/octet-stream';
}
