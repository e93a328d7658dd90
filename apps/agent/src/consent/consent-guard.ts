/**
 * Stands before every command that goes to the database. Where the practice declared in which parameter
 * or column a command names its patients, nothing of a withdrawn one passes; everywhere else the answer
 * says that it was not filtered, or the command is refused, as the practice chose.
 */
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { PatientPlaces } from '#apps/agent/src/consent/consent-file.js';
import { patientsNamed } from '#apps/agent/src/consent/patient-id.js';
import { PatientFilter } from '#apps/agent/src/consent/row-filter.js';
import type { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import type { PmsCommand, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import type { CommandRunner } from '#apps/agent/src/writes/site-writes.js';

type Asker = Pick<RunQueryMeta, 'siteId' | 'integratorId'>;

const bareName = (name: string): string => name.replace(/^@/, '').toLowerCase();

export class ConsentGuard {
  constructor(private readonly consents: WithdrawnConsents) {}

  /** @returns runs a command after all that is promised above */
  over(runner: CommandRunner, asker: Asker): CommandRunner {
    return { run: (command, sink, signal) => this.run(runner, asker, command, sink, signal) };
  }

  /** @throws ConduitError CONSENT_…, before anything was run; and as `runner` */
  private async run(
    runner: CommandRunner,
    asker: Asker,
    command: PmsCommand,
    sink: ResultWriter,
    signal: AbortSignal,
  ): Promise<PmsOutcome> {
    const { consents } = this;
    const places = consents.placesOf(command.type, command.text);
    this.check(asker, command, places);
    this.prepare(asker, places, sink);
    // Also of what runs: a withdrawal counts from the next row on, and ends what is about that patient.
    const unwatch = consents.onChange(() => {
      if (!this.allowsStill(asker, command, places, sink)) sink.refuse('CONSENT_RESULT_WITHHELD');
    });
    return runner.run(command, sink, signal).finally(unwatch);
  }

  private check(asker: Asker, command: PmsCommand, places: PatientPlaces | undefined): void {
    const { consents } = this;
    const { siteId, integratorId } = asker;
    if (consents.isDamaged) throw new ConduitError('CONSENT_LIST_DAMAGED');
    if (!consents.concerns(siteId, integratorId)) return;
    if (places === undefined) {
      if (consents.undeclared === 'refuse') throw notCheckable('not-declared');
      return;
    }
    const { parameters, columns } = places;
    const named = command.parameters.filter(({ name }) => parameters.includes(bareName(name)));
    const patients = named.map(patientsNamed);
    if (patients.includes(undefined)) throw notCheckable('parameter-form');
    // About nobody by its parameters: then its rows have to say whom they are about.
    const isOpen = patients.some((one) => one?.length === 0) || named.length < parameters.length;
    if (isOpen && columns.length === 0) throw notCheckable('parameter-missing');
    for (const patient of patients.flat())
      if (patient !== undefined && consents.isWithdrawn(siteId, integratorId, patient))
        throw new ConduitError('CONSENT_WITHDRAWN');
  }

  private prepare(asker: Asker, places: PatientPlaces | undefined, sink: ResultWriter): void {
    const { siteId, integratorId } = asker;
    const { consents } = this;
    if (!consents.concerns(siteId, integratorId)) return;
    sink.consent = places === undefined ? 'notFiltered' : 'filtered';
    if (places === undefined || places.columns.length === 0) return;
    sink.filter = new PatientFilter(places.columns, (patient) =>
      consents.isWithdrawn(siteId, integratorId, patient),
    );
  }

  private allowsStill(
    asker: Asker,
    command: PmsCommand,
    places: PatientPlaces | undefined,
    sink: ResultWriter,
  ): boolean {
    try {
      this.check(asker, command, places);
    } catch {
      return false;
    }
    // The first withdrawal of all: rows have left that nobody looked at.
    const isWatched = sink.filter !== undefined || (places?.columns ?? []).length === 0;
    return isWatched || !this.consents.concerns(asker.siteId, asker.integratorId);
  }
}

const notCheckable = (reason: string): ConduitError =>
  new ConduitError('CONSENT_NOT_CHECKABLE', { facts: { reason } });
