/**
 * What happens in one round: which queries start when, and what breaks at which moment. Drawn from
 * a seed, and nothing else, so that a failed round can be run again.
 */
import type { CaseKind } from '#test/faults/case-history.js';
import { SeededRandom } from '#libs/kernel/seeded-random.js';

export const victims = ['broker', 'agent', 'redis', 'postgres', 'sandbox'] as const;
export type Victim = (typeof victims)[number];
/** `link`: agent to broker. `database`: agent to the practice's database. */
export const lines = ['link', 'database'] as const;
export type Line = (typeof lines)[number];

/** Whose wall clock jumps. */
export const clocks = ['broker', 'agent'] as const;
export type ClockOwner = (typeof clocks)[number];

export type Fault = { afterMs: number; forMs: number } & (
  | { what: 'nothing' }
  | { what: 'kill' | 'pause'; victim: Victim }
  | { what: 'cut' | 'freeze' | 'refuse'; line: Line }
  | { what: 'cutAfter'; line: Line; way: 'toFar' | 'toNear'; bytes: number }
  | { what: 'halfOpen'; line: Line; closed: 'near' | 'far' }
  | { what: 'delay'; line: Line; delayMs: number }
  | { what: 'leave' }
  | { what: 'jobsTwice' }
  /** The agent's disk; with the line slow as well, results wait where no room is. */
  | { what: 'diskFull'; delayMs: number }
  | { what: 'clockJump'; owner: ClockOwner; seconds: number }
);

export interface CasePlan {
  kind: CaseKind;
  /** Which of the two integrators asks. */
  caller: 0 | 1;
  nonce: string;
  startMs: number;
  /** How long the statement waits before it does its work. */
  workMs: number;
  rows: number;
  /** Wider rows than usual. */
  padTimes?: number;
  /** The caller cancels it so long after it was acknowledged. */
  cancelAfterMs?: number;
}

export interface RoundPlan {
  seed: number;
  fault: Fault;
  cases: CasePlan[];
}

export interface PlanWishes {
  cases: number;
  kinds: readonly CaseKind[];
  /** Without a PostgreSQL of our own the broker's embedded one dies with the broker. */
  hasPostgres: boolean;
  /** The agent's state lies on a disk that can be filled. */
  hasSmallDisk: boolean;
  /** The clocks of broker and agent can be moved. */
  hasClocks: boolean;
}

const rowsOf: Record<CaseKind, [number, number]> = {
  immediateRead: [1, 4_000],
  streamedRead: [1, 30_000],
  immediateWrite: [0, 0],
  asyncRead: [1, 30_000],
  asyncWrite: [0, 0],
  registered: [1, 200],
};

const HOUR_SECONDS = 3_600;
const ENDLESS_MS = 55_000;

export function planRound(seed: number, wishes: PlanWishes): RoundPlan {
  const random = new SeededRandom(seed);
  const fault = planFault(random.fork(), wishes);
  const nonces = random.fork();
  // Each kind once before any comes twice.
  const cases = Array.from({ length: wishes.cases }, (_, index): CasePlan => {
    const own = random.fork();
    // What runs by the clock has to be there when one jumps.
    const isTimed = fault.what === 'clockJump' && index === wishes.cases - 1;
    const kind = isTimed ? 'registered' : (wishes.kinds[index % wishes.kinds.length] as CaseKind);
    const plan: CasePlan = {
      kind,
      caller: own.pick([0, 1] as const),
      nonce: nonces.word(20),
      startMs: own.between(0, 300),
      workMs: own.oneIn(3) ? 0 : own.between(50, 900),
      rows: own.between(...rowsOf[kind]),
    };
    if (fault.what === 'diskFull') Object.assign(plan, planForFullDisk(own, plan));
    return kind.startsWith('async') && own.oneIn(5) ? { ...plan, ...planCancel(own) } : plan;
  });
  return { seed, fault, cases };
}

/** Some begin while the disk is full, and what waits for the line does not fit the agent's memory. */
function planForFullDisk(random: SeededRandom, { kind }: CasePlan): Partial<CasePlan> {
  const startMs = random.between(0, 5_000);
  if (kind !== 'asyncRead') return { startMs };
  return { startMs, rows: random.between(10_000, 50_000), padTimes: 12 };
}

/** Every second one would run for longer than anybody watches: only its cancelling ends it. */
function planCancel(random: SeededRandom): Partial<CasePlan> {
  const cancelAfterMs = random.between(0, 1_500);
  return random.oneIn(2) ? { cancelAfterMs, workMs: ENDLESS_MS } : { cancelAfterMs };
}

function planFault(random: SeededRandom, wishes: PlanWishes): Fault {
  const { hasPostgres, hasSmallDisk, hasClocks, kinds } = wishes;
  const times = { afterMs: random.between(0, 1_000), forMs: random.between(50, 2_500) };
  const line = random.pick(lines);
  const among = hasPostgres ? victims : victims.filter((victim) => victim !== 'postgres');
  const waits = kinds.some((kind) => kind.startsWith('async'));
  const kill = (): Fault => ({ what: 'kill', victim: random.pick(among), ...times });
  const longer = { ...times, forMs: random.between(500, 6_000) };
  const diskFull = (): Fault => ({
    what: 'diskFull',
    delayMs: random.oneIn(2) ? 0 : random.between(200, 1_500),
    ...times,
    forMs: random.between(2_000, 7_000),
  });
  const clockJump = (): Fault => ({
    what: 'clockJump',
    owner: random.pick(clocks),
    seconds: random.pick([-HOUR_SECONDS, HOUR_SECONDS]),
    ...longer,
  });
  const choices: (() => Fault)[] = [
    kill,
    kill,
    kill,
    () => ({ what: 'pause', victim: random.pick(among), ...times }),
    () => ({ what: 'pause', victim: random.pick(among), ...times }),
    () => ({ what: random.pick(['cut', 'freeze', 'refuse'] as const), line, ...times }),
    () => ({
      what: 'cutAfter',
      line,
      way: random.pick(['toFar', 'toNear'] as const),
      bytes: random.between(1, random.oneIn(2) ? 4_000 : 200_000),
      ...times,
    }),
    () => ({ what: 'halfOpen', line, closed: random.pick(['near', 'far'] as const), ...times }),
    () => ({ what: 'delay', line, delayMs: random.between(20, 400), ...times }),
    () => ({ what: 'leave', ...times }),
    ...(hasSmallDisk ? [diskFull, diskFull] : []),
    ...(hasClocks ? [clockJump, clockJump] : []),
    ...(waits ? [(): Fault => ({ what: 'jobsTwice', ...times })] : []),
    ...(random.oneIn(3) ? [(): Fault => ({ what: 'nothing', ...times })] : []),
  ];
  return random.pick(choices)();
}

/** Nothing breaks: whatever fails then fails without cause. */
export const isHarmless = ({ what }: Fault): boolean => what === 'nothing' || what === 'jobsTwice';

/** For people. */
export function describeFault(fault: Fault): string {
  const { what, afterMs, forMs, ...more } = fault;
  const words = [what, ...Object.values(more).map(String)].join(' ');
  return what === 'nothing' ? what : `${words}, after ${afterMs} ms, for ${forMs} ms`;
}
