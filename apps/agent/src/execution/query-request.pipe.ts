/** Reads and validates the request before any handler sees it. */
import { Injectable, type PipeTransform } from '@nestjs/common';
import {
  checkMeta,
  readQuery,
  type QueryRequest,
} from '#apps/agent/src/execution/query-request.js';
import { LinkRequest } from '#libs/link/link-request.js';

@Injectable()
export class QueryRequestPipe implements PipeTransform<LinkRequest, QueryRequest> {
  transform(request: LinkRequest): QueryRequest {
    return { meta: checkMeta(request.meta), query: readQuery(request.body) };
  }
}
