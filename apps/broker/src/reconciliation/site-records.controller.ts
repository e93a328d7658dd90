import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { ArrayMaxSize, IsArray, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { ORDERS_MS, SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import type { LoggedRecord } from '#libs/audit/reconcile.js';
import {
  brokerPatterns,
  MOST_STANDING,
  type OwnRecordLine,
  type ReadOwnRecordsMeta,
  type ReadStandingMeta,
} from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { LinkContext } from '#libs/link/link-context.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkRequest } from '#libs/link/link-request.js';

const MOST_MS = 8_640_000_000_000_000;

class ReadOwnRecordsDto implements ReadOwnRecordsMeta {
  @IsInt()
  @Min(0)
  @Max(MOST_MS)
  fromMs!: number;

  @IsInt()
  @Min(0)
  @Max(MOST_MS)
  toMs!: number;

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  size!: number;
}

class ReadStandingDto implements ReadStandingMeta {
  @IsArray()
  @ArrayMaxSize(MOST_STANDING)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  registeredIds!: string[];

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  size!: number;
}

/** An agent asks what the broker's log says of its own sites; what is behind the head it knows is not told yet. */
@Controller()
export class SiteRecordsController {
  constructor(
    private readonly records: SiteRecords,
    private readonly log: ReadLog,
  ) {}

  @MessagePattern(brokerPatterns.readOwnRecords)
  async read(
    @Payload() request: LinkRequest,
    @Ctx() { peer }: LinkContext<AgentPeer>,
  ): Promise<StreamedReply> {
    const { fromMs, toMs, size } = checkedMeta(ReadOwnRecordsDto, request.meta);
    await this.requireHead(size);
    const pages = this.records.of(peer.agentId, { fromMs, toMs }, { ordersMs: ORDERS_MS });
    return new StreamedReply({ body: this.lines(pages, size), end: () => ({}) });
  }

  @MessagePattern(brokerPatterns.readStanding)
  async readStanding(
    @Payload() request: LinkRequest,
    @Ctx() { peer }: LinkContext<AgentPeer>,
  ): Promise<StreamedReply> {
    const { registeredIds, size } = checkedMeta(ReadStandingDto, request.meta);
    await this.requireHead(size);
    const found = await this.records.standing(peer.agentId, registeredIds);
    return new StreamedReply({ body: this.lines([found], size), end: () => ({}) });
  }

  /** @throws ConduitError REQUEST_INVALID where the log is not so long */
  private async requireHead(size: number): Promise<void> {
    const head = await this.log.newest();
    if (size > (head?.size ?? 0))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'size' } });
  }

  /** A page at a time, as fast as the agent takes them. */
  private async *lines(
    pages: AsyncIterable<readonly LoggedRecord[]> | Iterable<readonly LoggedRecord[]>,
    size: number,
  ): AsyncGenerator<Buffer> {
    for await (const page of pages) {
      const told = page.filter(({ index }) => index >= 0 && index < size);
      const proofs = await this.log.inclusions(
        told.map(({ index }) => index),
        size,
      );
      for (const [at, { index, text }] of told.entries()) {
        const proof = (proofs[at] ?? []).map((hash) => hash.toString('base64'));
        const line: OwnRecordLine = { index, record: text, proof };
        yield Buffer.from(`${JSON.stringify(line)}\n`);
      }
    }
  }
}
