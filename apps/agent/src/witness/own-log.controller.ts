import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ReadOwnLog } from '#apps/agent/src/witness/read-own-log.js';
import { agentPatterns, type ReadLogEnd, type ReadLogMeta } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkRequest } from '#libs/link/link-request.js';

const LINES_AT_ONCE = 256;

/** The broker asks what this agent did. */
@Controller()
export class OwnLogController {
  constructor(private readonly own: ReadOwnLog) {}

  @MessagePattern(agentPatterns.readLog)
  async read(@Payload() { meta }: LinkRequest): Promise<StreamedReply> {
    const { fromMs, toMs, most } = meta as unknown as ReadLogMeta;
    if (!Number.isFinite(fromMs) || !Number.isFinite(toMs))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'fromMs' } });
    if (most !== undefined && !(Number.isSafeInteger(most) && most > 0))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'most' } });
    const { records, knownToMs, isCut } = await this.own.read({ fromMs, toMs }, most);
    const { head, proof } = await this.own.prove(records);
    const end: ReadLogEnd = {
      ...{ size: head.size, from: proof.from, knownToMs, isCut },
      peaks: proof.peaks.map((hash) => hash.toString('base64')),
      consistency: proof.consistency.map((hash) => hash.toString('base64')),
    };
    return new StreamedReply({ body: linesOf(records), end: () => end });
  }
}

async function* linesOf(records: readonly { text: string }[]): AsyncGenerator<Buffer> {
  for (let at = 0; at < records.length; at += LINES_AT_ONCE) {
    const texts = records.slice(at, at + LINES_AT_ONCE).map(({ text }) => `${text}\n`);
    yield Buffer.from(texts.join(''));
  }
}
