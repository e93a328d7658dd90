/**
 * Which patients do not want what, kept on the practice's server and nowhere else: no message of the
 * link carries a patient's number to the broker. It is set by this machine's own people, with or without
 * a running agent, and holds over restarts. What is taken away counts before it is on disk, what is given
 * back only when it is there and in the journal. A file that can't be understood stops everything.
 */
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { normaliseProcedureName } from '#libs/grants/procedure-name.js';
import type { Clock } from '#libs/kernel/clock.js';
import {
  maxPlaces,
  maxWithdrawals,
  nothingWithdrawn,
  readConsent,
  writeConsent,
  type ConsentState,
  type OwedNote,
  type PatientPlaces,
  type UndeclaredRule,
  type Withdrawal,
} from '#apps/agent/src/consent/consent-file.js';
import { readIfThere, syncFolder, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { Journal } from '#apps/agent/src/journal/journal.port.js';

/** Whom a withdrawal is about. */
export type Withdrawn = Omit<Withdrawal, 'since'>;

interface ConsentParts {
  stateFolder: string;
  clock: Clock;
  /** Absent: no agent runs, and the next one writes down what is done now. */
  journal?: Journal;
}

const file = (folder: string): string => join(folder, 'consent.json');

const keyOf = (siteId: string, patient: string, integratorId = ''): string =>
  `${siteId.toLowerCase()} ${integratorId} ${patient}`;

export class WithdrawnConsents {
  private readonly listeners = new Set<() => void>();
  private turn: Promise<unknown> = Promise.resolve();
  /** What is on disk: less than what counts, when the disk has refused a withdrawal. */
  private stored: ConsentState;
  private keys = new Set<string>();
  /** `site integrator` and `site ` of whatever is on the list. */
  private concerned = new Set<string>();
  private places = new Map<string, PatientPlaces>();

  private constructor(
    private readonly parts: ConsentParts,
    private state: ConsentState,
    private damaged: boolean,
  ) {
    this.stored = state;
    this.hold(state);
  }

  static async open(parts: ConsentParts): Promise<WithdrawnConsents> {
    const text = await readIfThere(file(parts.stateFolder)).catch(() => '');
    const state = text === undefined ? nothingWithdrawn : readConsent(text);
    const opened = new WithdrawnConsents(parts, state ?? nothingWithdrawn, state === undefined);
    await opened.settle();
    return opened;
  }

  /** The file is not right: nothing may run. */
  get isDamaged(): boolean {
    return this.damaged;
  }

  get undeclared(): UndeclaredRule {
    return this.state.undeclared;
  }

  get list(): readonly Withdrawal[] {
    return this.state.withdrawn;
  }

  get declared(): readonly PatientPlaces[] {
    return this.state.places;
  }

  /** Whether anybody at the site withdrew from this integrator. */
  concerns(siteId: string, integratorId: string): boolean {
    const site = siteId.toLowerCase();
    return this.concerned.has(`${site} `) || this.concerned.has(`${site} ${integratorId}`);
  }

  /** @param patient as normalisePatient spells it */
  isWithdrawn(siteId: string, integratorId: string, patient: string): boolean {
    return (
      this.keys.has(keyOf(siteId, patient)) || this.keys.has(keyOf(siteId, patient, integratorId))
    );
  }

  /** Where this very command names its patients, under whatever scope it runs. */
  placesOf(type: 'text' | 'storedProcedure', text: string): PatientPlaces | undefined {
    if (this.places.size === 0) return undefined;
    const key =
      type === 'text'
        ? `statement:${createHash('sha256').update(text, 'utf8').digest('hex')}`
        : `procedure:${normaliseProcedureName(text) ?? ''}`;
    return this.places.get(key);
  }

  /** Called back after each change. @returns ends that */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @returns false when it was on the list before */
  withdraw(who: Withdrawn): Promise<boolean> {
    return this.inTurn(async () => {
      const { state } = this;
      const isOn = this.has(who);
      if (isOn && this.stored === state) return false;
      if (!isOn) this.add(who);
      await this.keep(this.state, noteOf('consent.withdrawn', who));
      return true;
    });
  }

  /** @returns false when it was not on the list */
  restore(who: Withdrawn): Promise<boolean> {
    return this.inTurn(async () => {
      const { state } = this;
      const gone = keyOf(who.siteId, who.patient, who.integratorId);
      const withdrawn = state.withdrawn.filter(
        ({ siteId, patient, integratorId }) => keyOf(siteId, patient, integratorId) !== gone,
      );
      if (withdrawn.length === state.withdrawn.length) return false;
      await this.keep({ ...state, withdrawn }, noteOf('consent.restored', who));
      return true;
    });
  }

  /** Says where a command names its patients, in place of what was said of it before. */
  declare(places: PatientPlaces): Promise<void> {
    return this.inTurn(async () => {
      const { state } = this;
      const others = state.places.filter(({ command }) => command !== places.command);
      if (others.length >= maxPlaces) throw isFull(maxPlaces);
      await this.keep({ ...state, places: [...others, places] }, { type: 'consent.declared' });
    });
  }

  /** @returns false when nothing was said of the command */
  forget(command: string): Promise<boolean> {
    return this.inTurn(async () => {
      const { state } = this;
      const places = state.places.filter((one) => one.command !== command);
      if (places.length === state.places.length) return false;
      await this.keep({ ...state, places }, { type: 'consent.declared' });
      return true;
    });
  }

  ruleUndeclared(undeclared: UndeclaredRule): Promise<void> {
    return this.inTurn(() =>
      this.keep({ ...this.state, undeclared }, { type: 'consent.declared' }),
    );
  }

  /** Puts a file that can't be understood aside and begins with an empty list. */
  startOver(): Promise<void> {
    const turn = this.turn.then(async () => {
      const { stateFolder, clock } = this.parts;
      if (!this.damaged) throw invalid('the list is in order');
      await rename(file(stateFolder), join(stateFolder, `consent-damaged-${clock.now()}.json`));
      await syncFolder(stateFolder);
      await this.keep(nothingWithdrawn, { type: 'consent.restored' });
      this.damaged = false;
    });
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  private add(who: Withdrawn): void {
    const { withdrawn } = this.state;
    if (withdrawn.length >= maxWithdrawals) throw isFull(maxWithdrawals);
    const since = new Date(this.parts.clock.now()).toISOString();
    this.hold({ ...this.state, withdrawn: [...withdrawn, { ...who, since }] });
  }

  private has({ siteId, patient, integratorId }: Withdrawn): boolean {
    return this.keys.has(keyOf(siteId, patient, integratorId));
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.turn.then(() => {
      if (this.damaged) throw new ConduitError('CONSENT_LIST_DAMAGED');
      return act();
    });
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  /** Writes down what was done while no agent ran. */
  private async settle(): Promise<void> {
    const { journal } = this.parts;
    const { owed } = this.state;
    if (journal === undefined || owed.length === 0) return;
    for (const note of owed) await journal.record(recordOf(note));
    await this.store({ ...this.state, owed: [] });
  }

  private async keep(state: ConsentState, note: OwedNote): Promise<void> {
    const { journal } = this.parts;
    await journal?.record(recordOf(note));
    await this.store(journal ? state : { ...state, owed: [...state.owed, note] });
  }

  private async store(state: ConsentState): Promise<void> {
    await writeDurably(file(this.parts.stateFolder), writeConsent(state));
    this.stored = state;
    this.hold(state);
  }

  private hold(state: ConsentState): void {
    this.state = state;
    const { withdrawn, places } = state;
    this.keys = new Set(
      withdrawn.map(({ siteId, patient, integratorId }) => keyOf(siteId, patient, integratorId)),
    );
    this.concerned = new Set(
      withdrawn.map(({ siteId, integratorId = '' }) => `${siteId.toLowerCase()} ${integratorId}`),
    );
    this.places = new Map(places.map((one) => [one.command, one]));
    for (const listener of [...this.listeners]) listener();
  }
}

const invalid = (problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { problem } });

const isFull = (limit: number): ConduitError => invalid(`holds at most ${limit}`);

const noteOf = (
  type: OwedNote['type'],
  { siteId, integratorId }: Pick<Withdrawn, 'siteId' | 'integratorId'>,
): OwedNote => ({ type, siteId, ...(integratorId !== undefined && { integratorId }) });

/** Without the patient: whom it was about is on the list, and nowhere else. */
const recordOf = ({ type, siteId, integratorId }: OwedNote) => ({
  type,
  ...(siteId !== undefined && { site: siteId }),
  ...(integratorId !== undefined && { integrator: integratorId }),
  actorRef: 'local',
});
