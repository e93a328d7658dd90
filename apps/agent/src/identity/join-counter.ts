import { randomUUID } from 'node:crypto';
import type { IdentityFolder, JoinRecord } from '#apps/agent/src/identity/identity-folder.js';

/**
 * Numbers this agent's joins. A number is on disk before it is sent; until the broker has answered,
 * the same join is tried again, also after a crash, under the instance id that began it. So an agent
 * that crashed is told from a copy of its folder, which would count on from an older number.
 */
export class JoinCounter {
  private constructor(
    private readonly folder: IdentityFolder,
    private record: JoinRecord,
  ) {}

  static async load(folder: IdentityFolder): Promise<JoinCounter> {
    const stored = await folder.read('join');
    const isOpen = stored !== undefined && !stored.acknowledged;
    const fresh = { sequence: stored?.sequence ?? 0, instanceId: randomUUID(), acknowledged: true };
    return new JoinCounter(folder, isOpen ? stored : fresh);
  }

  get instanceId(): string {
    return this.record.instanceId;
  }

  /** The join to announce at the next handshake. */
  async begin(): Promise<Readonly<JoinRecord>> {
    if (this.record.acknowledged) {
      await this.store({ ...this.record, sequence: this.record.sequence + 1, acknowledged: false });
    }
    return this.record;
  }

  async acknowledge(): Promise<void> {
    if (!this.record.acknowledged) await this.store({ ...this.record, acknowledged: true });
  }

  private async store(record: JoinRecord): Promise<void> {
    await this.folder.write('join', record);
    this.record = record;
  }
}
