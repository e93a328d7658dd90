/** What a freeze does and does not stop, one sentence each, for whoever is about to press. */
import type { FreezeKind } from '#libs/console-api/incidents.js';

const shared = {
  results:
    'Results that wait cannot be fetched while it lasts. None is lost for it: what has not expired by then can be fetched again afterwards.',
  waits: 'Async queries that wait go on waiting, until their own deadline.',
  webhooks: 'Webhooks go on: they carry ids alone, no records.',
  when: 'It holds as soon as it is confirmed. Should Conduit’s own servers not reach each other just then, all of them hold it within a minute.',
  away: 'A practice’s server that is switched off is told as soon as it is back.',
  thaw: 'Ending it takes two security officers.',
} as const;

const ofOperator: Record<FreezeKind, readonly string[]> = {
  integrator: [
    'All of its keys and clients are refused.',
    'What runs is stopped, at the practices’ servers too; its registered queries miss their turns.',
    ...[shared.results, shared.waits, shared.webhooks, shared.when, shared.away, shared.thaw],
  ],
  key: [
    'This key is refused; other keys of the software work on.',
    'Immediate queries made with it are cut off. An async query that runs already comes to its end; one that waits ends without having run.',
    'Registered queries made with it go on at the practices’ servers. To stop them too, freeze the software.',
    'Whatever was asked for with this key, nobody can fetch its results while it is frozen: no other key opens them. What has not expired by then can be fetched again afterwards.',
    ...[shared.webhooks, shared.when, shared.thaw],
  ],
  site: [
    'No software reaches this site, whatever its permission; immediate queries that run are cut off.',
    'Async queries that run and registered queries go on at the practice’s server until all of its sites are frozen. To stop the server at once, freeze the agent.',
    ...[shared.results, shared.waits, shared.webhooks, shared.when, shared.away, shared.thaw],
  ],
  agent: [
    'The practice’s server is shut out with all of its sites, and links that it has are cut. No software reaches these sites.',
    'What runs there comes to its end there; nothing of it gets out.',
    'While it is shut out its own log cannot be asked. Gather the evidence first, where time allows.',
    ...[shared.results, shared.waits, shared.webhooks, shared.when, shared.thaw],
  ],
};

/** A practice freezes nothing else, and ends its own alone. */
const ofPractice: Partial<Record<FreezeKind, readonly string[]>> = {
  integrator: [
    'It is refused at your practice; elsewhere it works on.',
    'What it runs is stopped, at your server too; its registered queries miss their turns.',
    ...[shared.results, shared.waits, shared.webhooks, shared.when, shared.away],
  ],
  site: [
    'No software reaches this site, whatever its permission; immediate queries that run are cut off.',
    'Async queries that run and registered queries go on at your server until all of its sites are frozen. To stop it at once, run “conduit-agent pause” there.',
    ...[shared.results, shared.waits, shared.webhooks, shared.when, shared.away],
  ],
};

export function freezeWords(kind: FreezeKind, isOfPractice: boolean): string[] {
  return [...((isOfPractice && ofPractice[kind]) || ofOperator[kind])];
}
