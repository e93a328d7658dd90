import { existsSync } from 'node:fs';
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { consoleFolder } from '#apps/broker/src/console/console-folder.js';
import { pageHeaders } from '#apps/broker/src/console/page-headers.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** As the build names them: no folder below, no dot file, nothing to climb out with. */
const ASSET = /^\/console\/(assets\/[\w-]+(?:\.[\w-]+)*\.(?:css|js|svg|png|woff2))$/;
const PAGE = 'index.html';

@Controller('console')
@Policy('public')
export class ConsolePagesController {
  @Get(['', '*'])
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const path = request.url.split('?')[0] ?? '';
    if (/^\/console\/(api|assets)(\/|$)/.test(path) && !ASSET.test(path)) {
      throw new ConduitError('ROUTE_NOT_FOUND');
    }
    const [, asset] = ASSET.exec(path) ?? [];
    const file = asset ?? PAGE;
    if (!existsSync(`${consoleFolder}/${file}`)) throw new ConduitError('ROUTE_NOT_FOUND');
    void reply
      .headers(pageHeaders)
      .header('cache-control', asset ? 'public, max-age=31536000, immutable' : 'no-cache')
      .sendFile(file);
  }
}
