/**
 * The sealed parts of runs: in the transient store, or else fetched again from the agent, which keeps
 * the latest result and the last changes for as long as the query lives. Nothing here opens one.
 */
import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { runOwner, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { ResultStore } from '#apps/broker/src/results/result-store.port.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { runParts, type FetchRegisteredMeta, type RunPart } from '#libs/contracts/registered.js';
import { decodePages, type SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { LinkClient } from '#libs/link/link-client.js';

/** A part and the envelope of its key. */
export interface SealedPart extends SealedPage {
  keyEnvelope: string;
}

const FETCH_MS = 60_000;
/** Of text: a result has at most 8 MB, a delta at most the rows of two and their keys. */
const MOST_BYTES = 48 * 1024 * 1024;
const LENGTH_BYTES = 2;
/** How long another node may take to fetch from its agent. */
const LOOKS = 40;
const LOOK_MS = 250;

@Injectable()
export class RunParts {
  private readonly fetching = new Map<string, Promise<Map<number, SealedPart>>>();

  constructor(
    private readonly results: ResultStore,
    private readonly links: SiteLinks,
    private readonly broadcast: Broadcast,
  ) {}

  /**
   * @throws ConduitError RESULT_GONE when nobody keeps it any more; SITE_OFFLINE, SITE_UNREACHABLE
   *   when only the agent may have it
   */
  async read(row: RegisteredRow, run: number, part: RunPart): Promise<SealedPart> {
    const kept = await this.stored(row, run, part);
    if (kept) return kept;
    const link = this.links.find(row.site_id);
    const fetched = link ? (await this.fetch(link, row, run)).get(part) : undefined;
    const found = fetched ?? (link ? undefined : await this.fetchedElsewhere(row, run, part));
    if (!found) throw new ConduitError('RESULT_GONE', { facts: { queryId: row.registered_id } });
    return found;
  }

  /** Only what lies in the store. */
  async stored(row: RegisteredRow, run: number, part: RunPart): Promise<SealedPart | undefined> {
    const kept = await this.results.readPage(runOwner(row, run), part).catch(() => undefined);
    return kept && unpackPart(kept);
  }

  /**
   * Fetches all parts of a run from the agent into the store, which may be full or away: then they are
   * only returned.
   * @throws ConduitError RESULT_GONE, or what the link met
   */
  fetch(link: LinkClient, row: RegisteredRow, run: number): Promise<Map<number, SealedPart>> {
    const name = `${row.registered_id}.${run}`;
    const running = this.fetching.get(name);
    if (running) return running;
    const fetch = this.fetchNow(link, row, run).finally(() => this.fetching.delete(name));
    this.fetching.set(name, fetch);
    return fetch;
  }

  /** Keeps a part that came with a report, which has no header of its own. Never rejects. */
  async keep(
    row: RegisteredRow,
    run: number,
    part: RunPart,
    { keyEnvelope, sealed }: Omit<SealedPart, 'header'>,
  ): Promise<void> {
    const header = { page: part, rowsStart: 0, rowsEnd: -1, plainBytes: sealed.length };
    await this.store(row, run, { keyEnvelope, header, sealed });
  }

  /** The rows of a run that a later one took the place of; its delta stays. Never rejects. */
  async forgetRows(row: RegisteredRow, run: number): Promise<void> {
    const owner = runOwner(row, run);
    for (const part of [runParts.rows, runParts.outcome]) {
      await this.results.purgePage(owner, part, 'expired').catch(() => false);
    }
  }

  /** All that is kept of these runs. Never rejects: what stays behind ends by its own time. */
  async purge(row: RegisteredRow, runs: number[], reason: 'cancelled' | 'expired'): Promise<void> {
    for (const run of runs) {
      await this.results.purge(runOwner(row, run), reason).catch(() => undefined);
    }
  }

  private async fetchNow(link: LinkClient, row: RegisteredRow, run: number) {
    const registeredId = row.registered_id;
    const meta: FetchRegisteredMeta = { registeredId, run, pageEncoding: 'br' };
    const reader = await link.request(agentPatterns.fetchRegistered, meta, undefined, {
      deadlineMs: FETCH_MS,
    });
    const keyEnvelope: unknown = (reader.head as { keyEnvelope?: unknown } | undefined)
      ?.keyEnvelope;
    if (typeof keyEnvelope !== 'string' || keyEnvelope.length > 1_000) {
      const error = new ConduitError('LINK_PROTOCOL');
      reader.cancel(error);
      throw error;
    }
    const parts = new Map<number, SealedPart>();
    let bytes = 0;
    for await (const page of decodePages(reader.body)) {
      bytes += Math.max(page.sealed.length, page.header.plainBytes);
      if (bytes > MOST_BYTES || page.header.page > runParts.delta) {
        throw new ConduitError('LINK_PROTOCOL');
      }
      const part = { ...page, keyEnvelope };
      parts.set(page.header.page, part);
      await this.store(row, run, part);
    }
    return parts;
  }

  private async store(row: RegisteredRow, run: number, part: SealedPart): Promise<void> {
    const page = { header: part.header, sealed: pack(part) };
    await this.results.putPage(runOwner(row, run), page).catch(() => undefined);
  }

  /** The node that the agent is attached to puts it into the store, if there is one. */
  private async fetchedElsewhere(
    row: RegisteredRow,
    run: number,
    part: RunPart,
  ): Promise<SealedPart | undefined> {
    const availability = this.links.availability(row.site_id);
    if (availability !== 'online' || this.broadcast.state() === 'alone') {
      throw new ConduitError(availability === 'unreachable' ? 'SITE_UNREACHABLE' : 'SITE_OFFLINE');
    }
    await this.broadcast.publish('registered.wanted', row.registered_id);
    for (let look = 0; look < LOOKS; look++) {
      const found = await this.stored(row, run, part);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return undefined;
  }
}

/** `u16 length ‖ envelope ‖ sealed part`, so that a part can be opened by itself. */
function pack({ keyEnvelope, sealed }: SealedPart): Buffer {
  const envelope = Buffer.from(keyEnvelope, 'latin1');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(envelope.length);
  return Buffer.concat([length, envelope, sealed]);
}

/** @param kept as it lies in the store */
export function unpackPart({ header, sealed: blob }: SealedPage): SealedPart {
  const end = LENGTH_BYTES + blob.readUInt16BE();
  const keyEnvelope = blob.toString('latin1', LENGTH_BYTES, end);
  return { keyEnvelope, header, sealed: blob.subarray(end) };
}

/** What a failed fetch means to somebody who asked for changes: they have to start anew. */
export function isGone(error: unknown): boolean {
  return toConduitError(error).code === 'RESULT_GONE';
}
