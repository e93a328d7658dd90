/** Async queries for tests: the room that runs them, and the caller who opens what they answer. */
import type { CommandDto } from '#libs/contracts/command.js';
import type { RunQueryEnd, RunQueryHead, RunQueryMeta } from '#libs/contracts/link-messages.js';
import { decodePages, type SealedOutcome, type SealedPage } from '#libs/contracts/result-page.js';
import { SystemClock } from '#libs/kernel/clock.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { openText } from '#libs/sealing/page-text.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';
import type { SiteLimits } from '#apps/agent/src/agent.config.js';
import { anAsyncMeta, KeptJournal, OpenGate } from '#apps/agent/src/execution/execution.fixture.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites, type OpenPmsDriver } from '#apps/agent/src/execution/pms-sites.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';

const secret = Buffer.alloc(32, 7);

export interface Room {
  gate: OpenGate;
  journal: KeptJournal;
  sites: PmsSites;
  queries: RunQuery;
}

/** @param stateFolder of the test's own; its `spool` is used */
export function aRoomOf(
  stateFolder: string,
  open: OpenPmsDriver,
  limits: Partial<SiteLimits> = {},
): Room {
  const gate = new OpenGate();
  const journal = new KeptJournal();
  const site = aSite(1, { limits });
  const sites = new PmsSites(
    [site],
    open,
    SpoolFolder.emptied(stateFolder, 0),
    aKeeping(),
    nobodyWithdrew(),
  );
  const minutes = new MinuteLimit(new SystemClock());
  const fingerprints = new StatementFingerprint(Buffer.alloc(32, 1));
  return {
    gate,
    journal,
    sites,
    queries: new RunQuery(sites, gate, minutes, journal, fingerprints),
  };
}

/** As if it had been opened already. */
export function anAsyncRequest(
  command: CommandDto,
  meta: Partial<RunQueryMeta> = {},
): QueryRequest {
  const { queryId } = anAsyncMeta(meta);
  const resultKey = deriveResultKey(secret, queryId).publicKey;
  return { meta: anAsyncMeta({ resultKey, ...meta }), query: { command } };
}

export interface TakenPages {
  keyEnvelope: string;
  pages: SealedPage[];
  end: RunQueryEnd;
}

/** Takes the answer as the broker does. */
export async function takePages(reply: StreamedReply | RunQueryEnd): Promise<TakenPages> {
  if (!(reply instanceof StreamedReply)) throw new Error('an answer without pages');
  const pages: SealedPage[] = [];
  for await (const page of decodePages(reply.body as AsyncIterable<Uint8Array>)) pages.push(page);
  const { keyEnvelope = '' } = reply.head as RunQueryHead;
  return { keyEnvelope, pages, end: (await reply.end()) as RunQueryEnd };
}

/** Opens the answer as the caller does; page 0 apart. */
export async function openPages(
  { keyEnvelope, pages }: TakenPages,
  meta: RunQueryMeta,
): Promise<{ texts: string[]; outcome: SealedOutcome }> {
  const { privateKey } = deriveResultKey(secret, meta.queryId);
  const opener = new ResultOpener(privateKey, keyEnvelope, meta);
  const texts: string[] = [];
  for (const page of pages) texts.push((await openText(opener, page)).toString());
  return { outcome: JSON.parse(texts.pop() as string) as SealedOutcome, texts };
}
