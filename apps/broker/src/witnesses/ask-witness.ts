/**
 * Asks one agent to cosign a head of the audit log, with the proof that it continues the last one that
 * this agent has seen, and keeps what it answers. A cosignature counts only under the agent's own
 * identity key; an alarm is kept and told of in the agent's timeline.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { noteAlarm, noteCosignature } from '#apps/broker/src/witnesses/note-witness.js';
import { ReadLog, type SignedHead } from '#apps/broker/src/witnesses/read-log.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import {
  formatVerifierKey,
  parseNote,
  parseSignatureLine,
  signatureLine,
  type NoteKey,
} from '#libs/audit/signed-note.js';
import { formatWitnessRequest, witnessName } from '#libs/audit/witness-request.js';
import {
  agentPatterns,
  witnessAlarms,
  type WitnessAlarm,
  type WitnessAnswer,
  type WitnessCheckpointMeta,
} from '#libs/contracts/link-messages.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import type { LinkClient } from '#libs/link/link-client.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

const ANSWER_MS = 20_000;
const MOST_LINE = 1_000;
/** Where it is, then the proof; once more where another head came in between. */
const TRIES = 3;

/** `alarmed`: the first time. */
export type WitnessOutcome =
  | { state: 'cosigned' | 'refused'; size: number }
  | { state: 'alarmed'; alarm: WitnessAlarm; isNew: boolean };

@Injectable()
export class AskWitness {
  private readonly logKey: string;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly log: ReadLog,
    private readonly key: LogKey,
    private readonly clock: Clock,
  ) {
    this.logKey = formatVerifierKey(key.verifier);
  }

  /**
   * @param seenSize of the head that this agent has cosigned last, as far as is known here
   * @throws ConduitError as LinkClient.request, also when the agent knows no witnessing
   */
  async execute(
    agent: { agentId: string; client: LinkClient },
    wanted: SignedHead,
    seenSize: number,
  ): Promise<WitnessOutcome> {
    let head = wanted;
    let oldSize = Math.min(seenSize, head.size);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await this.ask(agent.client, head, oldSize);
      if (answer.alarm !== undefined) return this.alarmed(agent.agentId, answer.alarm);
      if (answer.cosignature !== undefined)
        return this.keep(agent.agentId, head, answer.cosignature);
      if (answer.size === undefined) break;
      // Longer than this head: it was overtaken. Without a longer one the agent will say what that is.
      if (answer.size > head.size) head = (await this.log.newest()) ?? head;
      oldSize = Math.min(answer.size, head.size);
    }
    return { state: 'refused', size: head.size };
  }

  private async ask(client: LinkClient, head: SignedHead, oldSize: number): Promise<WitnessAnswer> {
    const proof = await this.log.consistency(oldSize, head.size);
    const text = formatWitnessRequest({ oldSize, proof, signedCheckpoint: head.signed });
    const meta: WitnessCheckpointMeta = { logKey: this.logKey };
    const { witnessCheckpoint } = agentPatterns;
    const options = { body: Buffer.from(text), deadlineMs: ANSWER_MS };
    return readAnswer(await client.ask(witnessCheckpoint, meta, options));
  }

  /** Its own line and nothing beside it: a bad line in the log's name would spoil the head for everybody. */
  private async keep(agentId: string, head: SignedHead, said: string): Promise<WitnessOutcome> {
    const witness = await this.witnessOf(agentId);
    const signature = parseSignatureLine(said.slice(0, -1));
    const line = signature ? signatureLine(signature) : '';
    const note = parseNote(head.signed + line);
    const isGood = witness && note && cosignatureOf(note, witness) !== undefined;
    if (!isGood) return { state: 'refused', size: head.size };
    const at = new Date(this.clock.now());
    await noteCosignature(this.database, { agentId, size: head.size, line, at });
    return { state: 'cosigned', size: head.size };
  }

  private async witnessOf(agentId: string): Promise<NoteKey | undefined> {
    const agent = await this.database
      .selectFrom('agents')
      .select('identity_public_key')
      .where('agent_id', '=', agentId)
      .executeTakeFirst();
    return (
      agent && {
        name: witnessName(this.key.origin, agentId),
        type: 'cosignature',
        publicKey: publicKeyFromRaw('ed25519', agent.identity_public_key),
      }
    );
  }

  private async alarmed(agentId: string, alarm: WitnessAlarm): Promise<WitnessOutcome> {
    const at = new Date(this.clock.now());
    return {
      state: 'alarmed',
      alarm,
      isNew: await noteAlarm(this.database, { agentId, alarm, at }),
    };
  }
}

/** An agent could say anything: what is not of the form is left out. */
function readAnswer({ cosignature, size, alarm }: Record<string, unknown>): WitnessAnswer {
  const known = witnessAlarms.find((word) => word === alarm);
  if (known) return { alarm: known };
  if (typeof cosignature === 'string' && cosignature.length <= MOST_LINE) return { cosignature };
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  return isSize ? { size } : {};
}
