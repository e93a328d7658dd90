/**
 * Asks an agent what it did, and believes only what is proven: the records it sends must stand without a gap in
 * the tree of the last head that it has told of its own log.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { verifyRange } from '#libs/audit/range-proof.js';
import { readRecord } from '#libs/audit/reconcile.js';
import type { AgentRecords } from '#libs/audit/reconcile-in-steps.js';
import { decodeBase64 } from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { agentPatterns, type ReadLogMeta } from '#libs/contracts/link-messages.js';
import type { Database } from '#libs/db/schema.js';
import type { LinkClient } from '#libs/link/link-client.js';

const ANSWER_MS = 300_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_HASHES = 128;
/** An agent of an earlier version sends so many, and does not say that there are more. */
const EARLIER_BOUND = 200_000;

export interface ProvenRecords extends AgentRecords {
  /** The head of its log that they are proven under. */
  size: number;
  root: Buffer;
}

@Injectable()
export class ReadAgentLog {
  constructor(private readonly database: Kysely<Database>) {}

  /**
   * @returns undefined: what it said is not in its own log
   * @throws ConduitError as LinkClient.request, also where the agent knows no such question
   */
  async execute(
    agentId: string,
    client: Pick<LinkClient, 'request'>,
    meta: ReadLogMeta,
  ): Promise<ProvenRecords | undefined> {
    const reply = await client.request(agentPatterns.readLog, meta, undefined, {
      deadlineMs: ANSWER_MS,
    });
    const texts = await linesOf(reply.body);
    const end = readEnd((await reply.end) as Record<string, unknown>);
    const head = await this.database
      .selectFrom('agent_logs')
      .select(['size', 'root'])
      .where('agent_id', '=', agentId)
      .where('alarm', 'is', null)
      .executeTakeFirst();
    if (!texts || !end || Number(head?.size) !== end.size || !head) return undefined;
    const leaves = texts.map((text) => textLeafHash(text));
    if (!verifyRange(leaves, end, { size: end.size, root: head.root })) return undefined;
    const records = texts.flatMap((text, at) => {
      const record = readRecord(text);
      return record ? [{ index: end.from + at, text, record }] : [];
    });
    const isCut = end.isCut || texts.length >= EARLIER_BOUND;
    const { knownToMs, size } = end;
    return { records, knownToMs, isCut, size, root: head.root };
  }
}

/** @returns undefined where there are more than anybody writes in such a time */
async function linesOf(body: AsyncIterable<Buffer>): Promise<string[] | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes <= MOST_BYTES) parts.push(part);
  }
  return bytes > MOST_BYTES ? undefined : Buffer.concat(parts).toString().split('\n').slice(0, -1);
}

/** An agent could say anything. */
function readEnd(end: Record<string, unknown>) {
  const { size, from, knownToMs, isCut, peaks, consistency } = end;
  const hashesOf = (list: unknown): Buffer[] | undefined => {
    if (!Array.isArray(list) || list.length > MOST_HASHES) return undefined;
    const hashes = list.map((text) => (typeof text === 'string' ? decodeBase64(text) : undefined));
    return hashes.every((hash) => hash !== undefined) ? hashes : undefined;
  };
  const counts = [size, from].every((count) => Number.isSafeInteger(count));
  const [above, onwards] = [hashesOf(peaks), hashesOf(consistency)];
  if (!counts || !Number.isFinite(knownToMs) || !above || !onwards) return undefined;
  return {
    ...{ size: size as number, from: from as number, knownToMs: knownToMs as number },
    ...{ peaks: above, consistency: onwards, isCut: isCut === true },
  };
}
