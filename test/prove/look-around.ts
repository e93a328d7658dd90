/**
 * Looks at places for what was sent, adds up what was found in each over several looks, and shows that
 * each look can find: afterwards a word that nobody sent is put there on purpose.
 */
import { EVERYWHERE, type Place, type Planting } from '#test/prove/places.js';
import { counted, megabytes, type Sink } from '#test/prove/sink.js';
import { type Leak, newMarker } from '#test/support/leak-search.js';

export interface SinkProof {
  name: Place;
  words: string;
  /** Of the last look, e.g. `214 files`. */
  what: string;
  looks: number;
  bytesRead: number;
  /** What fails the proof. */
  leaks: Leak[];
  /** What is told and fails nothing, in a place of which `toldOnly` says why. */
  remnants: Leak[];
  toldOnly?: string;
  /** Whether the word that was put there on purpose was found. */
  controlFound: boolean;
}

/** A word that was left in a place on purpose, before it was searched. */
export interface PlantedLeak {
  place: Place;
  marker: string;
}

export interface LookWishes {
  /** A place that a leak is left in, or all of them, so that the proof has to fail. */
  plant?: Planting;
  say?(line: string): void;
}

export class LookAround {
  private readonly known = new Map<Place, SinkProof>();
  /** The leaks that were asked for, as soon as they lie there. */
  private readonly left = new Map<string, Place>();

  /** @param needles what was sent */
  constructor(
    private readonly needles: readonly string[],
    private readonly wishes: LookWishes = {},
  ) {}

  get proofs(): SinkProof[] {
    return [...this.known.values()];
  }

  /** The leaks that were left because they were asked for. */
  get planted(): PlantedLeak[] {
    return [...this.left].map(([marker, place]) => ({ marker, place }));
  }

  async look(sinks: readonly Sink[]): Promise<void> {
    for (const sink of sinks) await this.lookAt(sink);
  }

  /** All are looked at before the first control is planted: they shall not find each other's. */
  async lookAndControl(sinks: readonly Sink[]): Promise<void> {
    for (const sink of sinks) {
      const { plant } = this.wishes;
      if (plant === sink.name || plant === EVERYWHERE) await this.plantLeak(sink);
      this.say(await this.lookAt(sink));
    }
    for (const sink of sinks) {
      const marker = newMarker('Control');
      await sink.plant(marker);
      const isFound = (await sink.search([marker])).leaks.length > 0;
      const proof = this.known.get(sink.name);
      if (proof) proof.controlFound = isFound;
      if (!isFound) this.wishes.say?.(`${sink.name}: BLIND, the control was not found`);
    }
    this.wishes.say?.(`a control was planted in each of these ${sinks.length} places`);
  }

  /** One for each place, so that none is found in the name of another. */
  private async plantLeak(sink: Sink): Promise<void> {
    const marker = newMarker('Planted');
    await sink.plant(marker);
    this.left.set(marker, sink.name);
  }

  private async lookAt(sink: Sink): Promise<SinkProof> {
    const needles = [...this.needles, ...this.left.keys()];
    const { leaks, bytesRead, what } = await sink.search(needles);
    const known = this.known.get(sink.name);
    // What was left there on purpose is held, and no remnant: it counts wherever it is.
    const isJudged = ({ marker }: Leak): boolean =>
      sink.toldOnly === undefined || this.left.has(marker);
    const proof: SinkProof = {
      name: sink.name,
      words: sink.words,
      what,
      looks: (known?.looks ?? 0) + 1,
      bytesRead: (known?.bytesRead ?? 0) + bytesRead,
      leaks: [...(known?.leaks ?? []), ...leaks.filter(isJudged)],
      remnants: [...(known?.remnants ?? []), ...leaks.filter((leak) => !isJudged(leak))],
      ...(sink.toldOnly !== undefined && { toldOnly: sink.toldOnly }),
      controlFound: false,
    };
    this.known.set(sink.name, proof);
    return proof;
  }

  private say({ name, what, bytesRead, leaks, remnants }: SinkProof): void {
    const found = leaks.length > 0 ? `${leaks.length} FOUND` : 'nothing found';
    const told = remnants.length > 0 ? `, ${counted(remnants.length, 'remnant')}` : '';
    this.wishes.say?.(`${name}: ${what}, ${megabytes(bytesRead)}: ${found}${told}`);
  }
}
