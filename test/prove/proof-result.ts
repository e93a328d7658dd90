/** How a proof ended: what is wrong with it, and what the command says to whoever started it. */
import { EVERYWHERE, places, type Place, type Planting } from '#test/prove/places.js';
import type { Proof } from '#test/prove/prove-conduit.js';

export const DATABASE_WORDS = {
  postgresql: 'PostgreSQL',
  embedded: 'the embedded database',
} as const;

/**
 * Of the command; misused: the words after it make no sense; blind: what was planted was not found; leftOut: nothing
 * was found, and not everything was searched.
 */
export const exitCodes = { holds: 0, failed: 1, misused: 2, blind: 3, leftOut: 4 } as const;

export interface ProofEnd {
  proofs: readonly Proof[];
  /** The place that a word was left in on purpose, before it was searched, or all of them. */
  plant?: Planting;
  /** What was asked for and could not be done on this machine, one line each. */
  leftOut: readonly string[];
}

const OTHERS_REDIS = 'that Redis was not started by the proof';
/** Why a place can be missing. */
const missingWords: Partial<Record<Place, string>> = {
  'database-dump': 'there is no pg_dump',
  'redis-file': OTHERS_REDIS,
  'redis-memory': OTHERS_REDIS,
};

/** The places that this proof did not search, one line each. The embedded database has nothing to dump it. */
export function placesLeftOut({ database, sinks }: Pick<Proof, 'database' | 'sinks'>): string[] {
  return places
    .filter((place) => sinks.every(({ name }) => name !== place))
    .filter((place) => database === 'postgresql' || place !== 'database-dump')
    .map(
      (place) => `${place} with ${DATABASE_WORDS[database]}: ${missingWords[place] ?? 'absent'}`,
    );
}

/** @param which of what was found, by whether it was left there on purpose */
function findings({ sinks, planted }: Proof, which: (isPlanted: boolean) => boolean): string[] {
  const left = new Set(planted.map(({ marker }) => marker));
  const found = sinks.flatMap(({ name, leaks }) =>
    leaks
      .filter(({ marker }) => which(left.has(marker)))
      .map(({ where, form }) => `${where}, as ${form} [${name}]`),
  );
  // The same place looked at again, or several words in it: one line says it.
  return [...new Set(found)];
}

/** What was left on purpose and found, one line each. */
export const plantedFindings = (proof: Proof): string[] =>
  findings(proof, (isPlanted) => isPlanted).map(
    (found) => `FOUND as it had to be (${DATABASE_WORDS[proof.database]}): ${found}`,
  );

/** Why a proof failed, one line each, but for what was left on purpose; empty: it holds. */
export function problemsOf(proof: Proof): string[] {
  const database = DATABASE_WORDS[proof.database];
  return [
    ...findings(proof, (isPlanted) => !isPlanted).map((found) => `FOUND (${database}): ${found}`),
    ...proof.sinks
      .filter(({ controlFound }) => !controlFound)
      .map(({ name }) => `BLIND (${database}): the word planted in ${name} was not found`),
    ...proof.notReturned.map(
      (what) => `NOT SENT (${database}): nothing came back from the database: ${what}`,
    ),
  ];
}

/** The places in which the very word that was left there was not found. */
export function missedBy({ planted, sinks }: Pick<Proof, 'planted' | 'sinks'>): Place[] {
  return planted
    .filter(({ place, marker }) => {
      const leaks = sinks.find(({ name }) => name === place)?.leaks ?? [];
      return leaks.every((leak) => leak.marker !== marker);
    })
    .map(({ place }) => place);
}

/** Why a trial says nothing, or shows that a search is blind. */
export function trialProblems({ plant, proofs }: ProofEnd): string[] {
  if (plant === undefined) return [];
  if (proofs.every(({ planted }) => planted.length === 0)) {
    const where = plant === EVERYWHERE ? 'no place at all' : `no place ${plant}`;
    return [`NOT PLANTED: there is ${where} here`];
  }
  return proofs.flatMap((proof) =>
    missedBy(proof).map(
      (place) =>
        `MISSED (${DATABASE_WORDS[proof.database]}): the word left in ${place} was not found`,
    ),
  );
}

/** @returns the exit code: a proof in which something was left on purpose must not hold */
export function exitCodeOf(end: ProofEnd): number {
  if (trialProblems(end).length > 0) return exitCodes.blind;
  const isSound = end.proofs.length > 0 && end.proofs.every((one) => problemsOf(one).length === 0);
  if (!isSound || end.plant !== undefined) return exitCodes.failed;
  return end.leftOut.length > 0 ? exitCodes.leftOut : exitCodes.holds;
}
