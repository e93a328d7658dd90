/** What a freeze does and does not stop, one sentence each, for whoever is about to press. */
import type { FreezeKind } from '#libs/console-api/incidents.js';

const shared = {
  waits: 'Async queries that wait go on waiting, until their own deadline.',
  webhooks: 'Webhooks go on: they carry ids alone, no records.',
  thaw: 'Ending it takes two security officers.',
} as const;

const words: Record<FreezeKind, readonly string[]> = {
  integrator: [
    'All of its keys and clients are refused at once, on every node; results that wait cannot be fetched.',
    'What runs is stopped, at the practices’ servers too; its registered queries miss their turns.',
    'A server that is switched off is told as soon as it is back.',
    ...[shared.waits, shared.webhooks, shared.thaw],
  ],
  key: [
    'This key is refused at once, on every node; other keys of the software work on.',
    'Immediate queries made with it are cut off. An async query that runs already comes to its end, and its result cannot be fetched with this key.',
    'Async queries of it that wait end without having run.',
    'Registered queries made with it go on at the practices’ servers; their results cannot be fetched. To stop them too, freeze the software.',
    ...[shared.webhooks, shared.thaw],
  ],
  site: [
    'No software reaches this site, whatever its permission; immediate queries that run are cut off.',
    'Registered queries stop at the practice’s server once all of its sites are frozen; else they go on there and their results are kept from nobody who may fetch them. To stop the server at once, freeze the agent.',
    ...[shared.waits, shared.webhooks, shared.thaw],
  ],
  agent: [
    'The practice’s server is shut out at once, with all of its sites; links that it has are cut.',
    'What runs there comes to its end there; nothing of it gets out.',
    'While it is shut out its own log cannot be asked. Gather the evidence first, where time allows.',
    ...[shared.waits, shared.webhooks, shared.thaw],
  ],
};

export function freezeWords(kind: FreezeKind, isOfPractice: boolean): string[] {
  if (!isOfPractice) return [...words[kind]];
  return words[kind]
    .filter((word) => word !== shared.thaw)
    .map((word) =>
      kind === 'integrator' && word.startsWith('All of its keys')
        ? 'It is refused at your practice at once; elsewhere it works on.'
        : word,
    );
}
