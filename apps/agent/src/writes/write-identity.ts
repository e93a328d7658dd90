/**
 * What makes two writes the same: one hash for the key under which a caller sends them, one for what
 * they ask. Both stay the same whatever happens to the keys of this agent, so that a write is
 * recognised also after the agent was set up anew.
 */
import { createHash, createHmac } from 'node:crypto';
import type { CommandDto, ParameterDto } from '#libs/contracts/command.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';

export interface WriteIdentity {
  /** SHA-256 over site, integrator and key: 32 bytes. */
  keyHash: Buffer;
  /** HMAC-SHA-256 of the canonical command under the key: 32 bytes. */
  requestHash: Buffer;
}

export interface WriteName {
  siteId: string;
  integratorId: string;
  /** The Idempotency-Key. */
  key: string;
}

type Asked = Omit<CommandDto, 'parameters'> & { parameters?: readonly ParameterDto[] };

const nameText = ({ siteId, integratorId, key }: WriteName): string =>
  canonicalJson(['conduit-write-v1', siteId.toLowerCase(), integratorId, key]);

/** Keys of two integrators, or for two sites, have nothing to do with each other. */
export const keyHashOf = (name: WriteName): Buffer =>
  createHash('sha256').update(nameText(name)).digest();

/**
 * Two requests have one hash when they would do the same: what is left out counts as its default, how
 * long the query may wait does not count. The key goes in, so that a command can't be guessed from it.
 */
export function identify(
  name: WriteName,
  request: { command: Asked; catalogue: string; resultSets: 'first' | 'all' },
): WriteIdentity {
  const { command, catalogue, resultSets } = request;
  const said = canonicalJson({
    catalogue: catalogue.toLowerCase(),
    resultSets,
    type: command.type ?? 'text',
    executionMode: command.executionMode ?? 'reader',
    text: command.text,
    parameters: (command.parameters ?? []).map(canonicalParameter),
  });
  const requestHash = createHmac('sha256', nameText(name)).update(said).digest();
  return { keyHash: keyHashOf(name), requestHash };
}

const canonicalParameter = (parameter: ParameterDto): object => ({
  name: parameter.name,
  direction: parameter.direction ?? 'input',
  type: parameter.type ?? 'String',
  value: parameter.value ?? null,
  size: parameter.size ?? null,
});
