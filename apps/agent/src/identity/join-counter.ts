import { randomUUID } from 'node:crypto';
import type { IdentityFolder, JoinRecord } from '#apps/agent/src/identity/identity-folder.js';

/**
 * Numbers this agent's joins. A number is on disk before it is sent; until the broker has answered,
 * the same join is tried again under the same id, also after a crash. So an agent that crashed is
 * told from a copy of its folder, which would count on from an older number.
 */
export class JoinCounter {
  /** This process, for as long as it lives: never taken from disk, so that a copy has another. */
  readonly instanceId = randomUUID();

  private constructor(
    private readonly folder: IdentityFolder,
    private record: JoinRecord,
  ) {}

  static async load(folder: IdentityFolder): Promise<JoinCounter> {
    const none = { sequence: 0, joinId: '', acknowledged: true };
    return new JoinCounter(folder, (await folder.read('join')) ?? none);
  }

  /** The join to announce at the next handshake. */
  async begin(): Promise<Readonly<JoinRecord>> {
    if (this.record.acknowledged) {
      const sequence = this.record.sequence + 1;
      await this.store({ sequence, joinId: randomUUID(), acknowledged: false });
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
