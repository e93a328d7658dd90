/** Takes `query.run` off the link. */
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { agentPatterns, type RunQueryEnd } from '#libs/contracts/link-messages.js';
import { LinkContext } from '#libs/link/link-context.js';
import type { StreamedReply } from '#libs/link/link-reply.js';
import { QueryRequestPipe } from '#apps/agent/src/execution/query-request.pipe.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';

@Controller()
export class RunQueryController {
  constructor(private readonly queries: RunQuery) {}

  @MessagePattern(agentPatterns.runQuery)
  run(
    @Payload(QueryRequestPipe) request: QueryRequest,
    @Ctx() context: LinkContext,
  ): Promise<StreamedReply | RunQueryEnd> {
    if (request.meta.lane !== 'immediate') context.yieldToOthers();
    return this.queries.execute(request, context.signal);
  }
}
