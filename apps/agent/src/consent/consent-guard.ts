/**
 * Stands before every command that goes to the database. Where the practice declared in which parameter
 * or column a command names its patients, nothing of a withdrawn one passes: no row, and no value beside
 * the rows; everywhere else the answer says that it was not filtered, or the command is refused, as the
 * practice chose.
 */
import type { ParameterDto } from '#libs/contracts/command.js';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { PatientPlaces } from '#apps/agent/src/consent/consent-file.js';
import { patientsNamed } from '#apps/agent/src/consent/patient-id.js';
import { PatientFilter } from '#apps/agent/src/consent/row-filter.js';
import type { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { FIRST_CHOSEN_NUMBER } from '#apps/agent/src/execution/query-notes.js';
import type { PmsCommand, PmsOutcome, SqlFailure } from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import type { CommandRunner } from '#apps/agent/src/writes/site-writes.js';

type Asker = Pick<RunQueryMeta, 'siteId' | 'integratorId'>;

const bareName = (name: string): string => name.replace(/^@/, '').toLowerCase();

/** Values of other directions never reach the database: they say nothing of whom it is asked about. */
const isSent = ({ direction = 'input' }: ParameterDto): boolean =>
  direction === 'input' || direction === 'inputOutput';

/** What is no row can't be left out patient by patient: values of parameters, and how many rows were changed. */
const answersBesideRows = ({ executionMode, parameters }: PmsCommand): boolean =>
  executionMode === 'nonQuery' ||
  parameters.some(({ direction = 'input' }) => direction !== 'input');

export class ConsentGuard {
  constructor(private readonly consents: WithdrawnConsents) {}

  /** @returns runs a command after all that is promised above */
  over(runner: CommandRunner, asker: Asker): CommandRunner {
    return { run: (command, sink, signal) => this.run(runner, asker, command, sink, signal) };
  }

  /**
   * Whether values may be told of a command that is not at hand, so that nobody sees whom they are about:
   * only while nobody has withdrawn.
   */
  mayTellValues({ siteId, integratorId }: Asker): boolean {
    return !this.consents.isDamaged && !this.consents.concerns(siteId, integratorId);
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
    const outcome = await runner.run(command, sink, signal).finally(unwatch);
    return this.mayTell(asker, command, places) ? outcome : withoutValues(outcome);
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
    const patients = patientsOf(command, places);
    if (patients.includes(undefined)) throw notCheckable('parameter-form');
    if (isOpen(places, patients)) {
      if (places.columns.length === 0) throw notCheckable('parameter-missing');
      if (answersBesideRows(command)) throw notCheckable('values-beside-rows');
    }
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
    if (!this.passes(asker, command, places)) return false;
    // The first withdrawal of all: rows have left that nobody looked at.
    const isWatched = sink.filter !== undefined || (places?.columns ?? []).length === 0;
    return isWatched || !this.consents.concerns(asker.siteId, asker.integratorId);
  }

  /** Words of the database may quote a row that is not shown, of whomever. */
  private mayTell(asker: Asker, command: PmsCommand, places: PatientPlaces | undefined): boolean {
    if (!this.consents.concerns(asker.siteId, asker.integratorId)) return true;
    if (!this.passes(asker, command, places)) return false;
    return places === undefined || !isOpen(places, patientsOf(command, places));
  }

  private passes(asker: Asker, command: PmsCommand, places: PatientPlaces | undefined): boolean {
    try {
      this.check(asker, command, places);
      return true;
    } catch {
      return false;
    }
  }
}

/** For each place among the parameters whom it names: undefined where that can't be told, none for nobody. */
function patientsOf(
  { parameters }: PmsCommand,
  places: PatientPlaces,
): ReturnType<typeof patientsNamed>[] {
  return places.parameters.map((place) => {
    const named = parameters.find((one) => isSent(one) && bareName(one.name) === place);
    return named === undefined ? [] : patientsNamed(named);
  });
}

/** About nobody by its parameters: then its rows have to say whom they are about. */
function isOpen(
  { parameters, columns }: PatientPlaces,
  patients: readonly (readonly string[] | undefined)[],
): boolean {
  return parameters.length === 0
    ? columns.length > 0
    : patients.some((named) => named?.length === 0);
}

/** What is left is counts, and that it failed. */
function withoutValues({ parameters: _, failure, ...outcome }: PmsOutcome): PmsOutcome {
  return failure === undefined ? outcome : { ...outcome, failure: wordless(failure) };
}

const wordless = ({ number }: SqlFailure): SqlFailure => ({
  number: Math.min(number, FIRST_CHOSEN_NUMBER),
  message: 'The database’s words are withheld: they may quote a patient who withdrew consent.',
});

const notCheckable = (reason: string): ConduitError =>
  new ConduitError('CONSENT_NOT_CHECKABLE', { facts: { reason } });
