/**
 * The registered queries this agent holds, in memory and on disk. A run's files carry its number, and
 * only the state names which of them count: it is written last, so a crash anywhere leaves the run
 * before. What the state does not name is thrown away at the next start.
 */
import { registeredLimits, type RegisteredRunReport } from '#libs/contracts/registered.js';
import {
  freshState,
  type HeldQuery,
  type RegisteredDefinition,
  type RegisteredState,
} from '#apps/agent/src/registered/registered-query.js';
import type { SealedFolder } from '#apps/agent/src/registered/sealed-folder.js';

/** Files of one run, by its number. */
export const runFiles = {
  index: (run: number): string => `index-${run}`,
  rows: (run: number): string => `rows-${run}`,
  delta: (run: number): string => `delta-${run}`,
} as const;

export class RegisteredShelf {
  private readonly held = new Map<string, HeldQuery>();

  private constructor(readonly folder: SealedFolder) {}

  /** What does not open is as if it had never been: the broker learns of it at the next sync. */
  static async open(folder: SealedFolder): Promise<RegisteredShelf> {
    const shelf = new RegisteredShelf(folder);
    for (const id of folder.ids()) await shelf.restore(id);
    return shelf;
  }

  get size(): number {
    return this.held.size;
  }

  all(): HeldQuery[] {
    return [...this.held.values()];
  }

  find(id: string): HeldQuery | undefined {
    return this.held.get(id);
  }

  /** On disk when it resolves. @throws ConduitError SPOOL_FULL */
  async add(definition: RegisteredDefinition, request: Buffer): Promise<HeldQuery> {
    const { registeredId } = definition;
    const held = holding(definition, freshState());
    await this.folder.write(registeredId, 'request', request, true);
    // Last, because it is what makes the query one that is held.
    await this.folder.write(registeredId, 'definition', jsonOf(definition), true);
    this.held.set(registeredId, held);
    return held;
  }

  async renew(held: HeldQuery, definition: RegisteredDefinition): Promise<void> {
    await this.folder.write(definition.registeredId, 'definition', jsonOf(definition), true);
    held.definition = definition;
  }

  /** Nothing of it is left, on disk neither. */
  async remove(held: HeldQuery): Promise<void> {
    const { registeredId } = held.definition;
    held.ending.abort();
    this.held.delete(registeredId);
    await this.folder.removeAll(registeredId);
  }

  /** The integrator's body. */
  request({ definition }: HeldQuery): Promise<Buffer | undefined> {
    return this.folder.read(definition.registeredId, 'request');
  }

  /**
   * @param durable also against a power cut, as a state that names new files has to be
   * @throws ConduitError SPOOL_FULL
   */
  keepState(held: HeldQuery, durable: boolean): Promise<void> {
    const { registeredId } = held.definition;
    const write = async (): Promise<void> => {
      if (held.ending.signal.aborted) return;
      await this.folder.write(registeredId, 'state', jsonOf(held.state), durable);
    };
    const turn = held.kept.then(write);
    held.kept = turn.catch(() => undefined);
    return turn;
  }

  /** Adds to what the broker has yet to be told; of the oldest only so many are kept. */
  note({ state }: HeldQuery, report: RegisteredRunReport): void {
    // Words of the database are only wanted of the last failure.
    for (const older of state.pending) delete older.sealedError;
    state.pending.push(report);
    if (state.pending.length > registeredLimits.runs) state.pending.shift();
  }

  /** Removes the files of runs that the state does not name. */
  async sweep({ definition, state }: HeldQuery): Promise<void> {
    const named = new Set(['definition', 'request', 'state']);
    named.add(runFiles.index(state.changedRun)).add(runFiles.rows(state.changedRun));
    for (const run of state.deltaRuns) named.add(runFiles.delta(run));
    for (const name of this.folder.names(definition.registeredId)) {
      if (!named.has(name)) await this.folder.remove(definition.registeredId, name);
    }
  }

  private async restore(id: string): Promise<void> {
    const definition = await this.readJson<RegisteredDefinition>(id, 'definition');
    if (!definition) return this.folder.removeAll(id);
    const state = (await this.readJson<RegisteredState>(id, 'state')) ?? freshState();
    const held = holding(definition, state);
    this.held.set(id, held);
    await this.sweep(held);
  }

  private async readJson<T>(id: string, name: string): Promise<T | undefined> {
    const bytes = await this.folder.read(id, name);
    return bytes && (JSON.parse(bytes.toString('utf8')) as T);
  }
}

const holding = (definition: RegisteredDefinition, state: RegisteredState): HeldQuery => ({
  definition,
  state,
  ending: new AbortController(),
  kept: Promise.resolve(),
});

const jsonOf = (value: object): Buffer => Buffer.from(JSON.stringify(value));
