/**
 * Asks an agent what it did, and believes only what is proven: the records it sends must stand without a gap in
 * the tree of the last head that it had told of its own log when it was asked, or of one that it told since.
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
import { Clock } from '#libs/kernel/clock.js';
import type { LinkClient } from '#libs/link/link-client.js';

const ANSWER_MS = 300_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_HASHES = 128;
/** An agent of an earlier version sends so many, and does not say that there are more. */
const EARLIER_BOUND = 200_000;
/** In which a head is stored that is on its way. */
const STORED_MS = 60_000;

/** The newest head that was taken. */
interface KeptHead {
  size: number;
  root: Buffer;
  saidAtMs: number;
}

export interface ProvenRecords extends AgentRecords {
  /** The head of its log that they are proven under. */
  size: number;
  root: Buffer;
}

@Injectable()
export class ReadAgentLog {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns undefined: what it said is not in its own log
   * @throws ConduitError as LinkClient.request, also where the agent knows no such question
   */
  async execute(
    agentId: string,
    client: Pick<LinkClient, 'request'>,
    meta: ReadLogMeta,
  ): Promise<ProvenRecords | undefined> {
    const nowMs = this.clock.now();
    const before = await this.kept(agentId);
    const reply = await client.request(agentPatterns.readLog, meta, undefined, {
      deadlineMs: ANSWER_MS,
    });
    const texts = await linesOf(reply.body);
    const end = readEnd((await reply.end) as Record<string, unknown>);
    const sinceMs = before ? Math.max(before.saidAtMs, nowMs - STORED_MS) : nowMs;
    const root = end && (await this.rootOf(agentId, end.size, before, sinceMs));
    if (!texts || !end || !root) return undefined;
    const leaves = texts.map((text) => textLeafHash(text));
    if (!verifyRange(leaves, end, { size: end.size, root })) return undefined;
    const records = texts.flatMap((text, at) => {
      const record = readRecord(text);
      return record ? [{ index: end.from + at, text, record }] : [];
    });
    const isCut = end.isCut || texts.length >= EARLIER_BOUND;
    const { knownToMs, size } = end;
    return { records, knownToMs, isCut, size, root };
  }

  private async kept(agentId: string): Promise<KeptHead | undefined> {
    const row = await this.database
      .selectFrom('agent_logs')
      .select(['size', 'root', 'said_at'])
      .where('agent_id', '=', agentId)
      .where('alarm', 'is', null)
      .executeTakeFirst();
    return row && { size: Number(row.size), root: row.root, saidAtMs: row.said_at.getTime() };
  }

  /**
   * An answer may take minutes, and the agent tells of a head each minute meanwhile. None before the one that was
   * known when it was asked: an older tree would show less, or be one that was given up.
   */
  private async rootOf(
    agentId: string,
    size: number,
    before: KeptHead | undefined,
    sinceMs: number,
  ): Promise<Buffer | undefined> {
    const now = await this.kept(agentId);
    if (!now || size > now.size || size < (before?.size ?? 0)) return undefined;
    const known = [now, before].find((head) => head?.size === size);
    return known?.root ?? this.rootToldSince(agentId, size, sinceMs);
  }

  /** Each head that was taken is a record of the broker's. */
  private async rootToldSince(
    agentId: string,
    size: number,
    sinceMs: number,
  ): Promise<Buffer | undefined> {
    const rows = await this.database
      .selectFrom('audit_records')
      .innerJoin('agents', 'agents.practice_id', 'audit_records.practice_id')
      .select('record')
      .where('agent_id', '=', agentId)
      .where('type', '=', 'agent-log.checkpoint')
      .where('recorded_at', '>=', new Date(sinceMs))
      .execute();
    const head = rows
      .map(({ record }) => readRecord(record))
      .find((record) => record?.agent === agentId && record.logSize === size);
    return head?.logRoot === undefined ? undefined : decodeBase64(head.logRoot);
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
