import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { IsInt, Max, Min } from 'class-validator';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { checkedMeta } from '#apps/broker/src/gateway/checked-meta.js';
import { SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import {
  brokerPatterns,
  type OwnRecordLine,
  type ReadOwnRecordsMeta,
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
    const head = await this.log.newest();
    if (size > (head?.size ?? 0))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'size' } });
    const all = await this.records.of(peer.agentId, { fromMs, toMs });
    const told = all.filter(({ index }) => index >= 0 && index < size);
    return new StreamedReply({ body: this.lines(told, size), end: () => ({}) });
  }

  private async *lines(
    records: readonly { index: number; text: string }[],
    size: number,
  ): AsyncGenerator<Buffer> {
    for (const { index, text } of records) {
      const proof = await this.log.inclusion(index, size);
      const line: OwnRecordLine = {
        ...{ index, record: text },
        proof: proof.map((hash) => hash.toString('base64')),
      };
      yield Buffer.from(`${JSON.stringify(line)}\n`);
    }
  }
}
