/**
 * What can be done to the machine under the conduit rather than to its parts: the agent's disk is
 * filled, a wall clock is moved. Whatever cannot be had on this machine is absent, and said to be.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClockOwner, clocks, type Fault } from '#test/faults/fault-plan.js';
import { JumpingClock } from '#test/faults/jumping-clock.js';
import { SmallDisk } from '#test/faults/small-disk.js';

type Clocks = Record<ClockOwner, JumpingClock>;

/** What practice and broker signed is older than any jump, as it is on nearly every day. */
const SIGNED_SECONDS_AGO = 7_200;

export class MovedMachine {
  /** The agent's part of it lies on the small disk. */
  readonly stateDirectory = mkdtempSync(join(tmpdir(), 'conduit-faults-'));

  private constructor(
    private readonly disk: SmallDisk | undefined,
    private readonly clocks: Clocks | undefined,
  ) {
    disk?.appearAt(join(this.stateDirectory, 'agent'));
    this.setClocks(-SIGNED_SECONDS_AGO);
  }

  /** Its clocks stand two hours back until rightClocks() is called. */
  static make(): MovedMachine {
    return new MovedMachine(SmallDisk.mount(), makeClocks());
  }

  get hasSmallDisk(): boolean {
    return this.disk !== undefined;
  }

  get hasClocks(): boolean {
    return this.clocks !== undefined;
  }

  envOf(owner: ClockOwner): Record<string, string> {
    return this.clocks?.[owner].env ?? {};
  }

  rightClocks(): void {
    this.setClocks(0);
  }

  strike(fault: Fault): void {
    if (fault.what === 'diskFull') this.disk?.fill();
    if (fault.what === 'clockJump') this.clocks?.[fault.owner].jump(fault.seconds);
  }

  heal(fault: Fault): void {
    if (fault.what === 'diskFull') this.disk?.free();
    if (fault.what === 'clockJump') this.clocks?.[fault.owner].jump(0);
  }

  /** The journal's wish for free space stays, the spool's goes: the disk itself is to refuse. */
  static spoolToTheLastByte(agentFolder: string): void {
    const file = join(agentFolder, 'agent.json');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...settings, spoolKeepFreeBytes: 0 }));
  }

  remove(): void {
    this.disk?.unmount();
    for (const clock of Object.values(this.clocks ?? {})) clock.remove();
  }

  private setClocks(seconds: number): void {
    for (const clock of Object.values(this.clocks ?? {})) clock.jump(seconds);
  }
}

function makeClocks(): Clocks | undefined {
  const made = clocks.map((owner) => [owner, JumpingClock.make()] as const);
  if (made.every(([, clock]) => clock !== undefined)) return Object.fromEntries(made) as Clocks;
  made.forEach(([, clock]) => clock?.remove());
  return undefined;
}
