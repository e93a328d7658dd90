/** Takes what the broker says about registered queries off the link. */
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { FetchRegisteredHead } from '#libs/contracts/registered.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { RegisteredQueries } from '#apps/agent/src/registered/registered-queries.js';
import { checkEnd, checkFetch, checkPut } from '#apps/agent/src/registered/registered-meta.js';

@Controller()
export class RegisteredController {
  constructor(private readonly queries: RegisteredQueries) {}

  @MessagePattern(agentPatterns.putRegistered)
  async put(@Payload() request: LinkRequest): Promise<object> {
    await this.queries.put(checkPut(request.meta), request.body);
    return {};
  }

  @MessagePattern(agentPatterns.endRegistered)
  async end(@Payload() request: LinkRequest): Promise<object> {
    await this.queries.end(checkEnd(request.meta).registeredId);
    return {};
  }

  @MessagePattern(agentPatterns.fetchRegistered)
  async fetch(@Payload() request: LinkRequest): Promise<StreamedReply> {
    const { keyEnvelope, frames } = await this.queries.fetch(checkFetch(request.meta));
    const head: FetchRegisteredHead = { keyEnvelope };
    return new StreamedReply({ head, body: piecesOf(frames), end: () => ({}) });
  }
}

/** What goes over the link in one go. */
const PIECE_BYTES = 64 * 1024;

async function* piecesOf(frames: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const frame of frames) {
    for (let at = 0; at < frame.length; at += PIECE_BYTES) {
      yield frame.subarray(at, at + PIECE_BYTES);
    }
  }
}
