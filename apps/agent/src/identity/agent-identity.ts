import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { IdentityFolder, type IdentityRecord } from '#apps/agent/src/identity/identity-folder.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Who this agent is since it enrolled, and its identity key, which never leaves this class. */
export class AgentIdentity extends OwnIdentity {
  override readonly publicKey: Uint8Array;
  private readonly key: KeyObject;

  constructor(
    readonly folder: IdentityFolder,
    private record: IdentityRecord,
  ) {
    super();
    this.key = createPrivateKey(record.identityKey);
    this.publicKey = rawPublicKey(createPublicKey(this.key));
  }

  /** @throws ConduitError AGENT_NOT_ENROLLED */
  static async load(stateFolder: string): Promise<AgentIdentity> {
    const folder = await IdentityFolder.open(stateFolder);
    const record = await folder?.read('identity');
    if (!folder || !record) throw new ConduitError('AGENT_NOT_ENROLLED');
    return new AgentIdentity(folder, record);
  }

  override get agentId(): string {
    return this.record.agentId;
  }

  override get practiceId(): string {
    return this.record.practiceId;
  }

  override get siteIds(): readonly string[] {
    return this.record.sites.map((site) => site.siteId);
  }

  get facts(): Readonly<Omit<IdentityRecord, 'identityKey'>> {
    return this.record;
  }

  /** Ed25519 (RFC 8032). */
  override sign(bytes: Uint8Array): Uint8Array {
    return sign(null, bytes, this.key);
  }

  /** What the broker may say anew at a recovery: where to dial and what to serve. */
  async learn(news: Pick<IdentityRecord, 'linkUrl' | 'sites'>): Promise<void> {
    const { linkUrl, sites } = news;
    const record = { ...this.record, linkUrl, sites };
    await this.folder.write('identity', record);
    this.record = record;
  }
}
