/**
 * The audit log for whoever wants to watch it: C2SP tlog-tiles under `/audit`. Heads and hashes alone, of
 * salted records: nobody learns from them what was done, and everybody sees when something is taken
 * back. Records themselves are for the operator.
 */
import { Controller, Get, Header, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { readBody, SMALL_BODY_BYTES } from '#apps/broker/src/edge/read-body.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { TakeCosignature } from '#apps/broker/src/witnesses/take-cosignature.js';
import { formatVerifierKey } from '#libs/audit/signed-note.js';
import { parseTilePath } from '#libs/audit/tiles.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const TEXT_TYPE = /^text\/plain\s*(?:;|$)/i;
const FOR_EVER = 'public, max-age=31536000, immutable';

@Controller('audit')
@Policy('throttled')
export class LogController {
  constructor(
    private readonly log: ReadLog,
    private readonly tiles: LogTiles,
    private readonly key: LogKey,
    private readonly take: TakeCosignature,
  ) {}

  @Get('checkpoint')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'public, max-age=1')
  async checkpoint(): Promise<string> {
    const shown = await this.log.shown();
    if (shown === undefined) throw new ConduitError('LOG_TILE_NOT_FOUND');
    return shown;
  }

  /** The log's verifier key. To be had once, and compared with what others have. */
  @Get('key')
  @Header('content-type', 'text/plain; charset=utf-8')
  verifierKey(): string {
    return `${formatVerifierKey(this.key.verifier)}\n`;
  }

  /** Of a witness from outside; see TakeCosignature. */
  @Post('cosignatures')
  @HttpCode(204)
  async cosign(@Req() request: FastifyRequest): Promise<void> {
    const body = await readBody(request, SMALL_BODY_BYTES, undefined, TEXT_TYPE);
    await this.take.execute(body.toString());
  }

  /** A partial tile is the beginning of what the tile has become since. */
  @Get('tile/*')
  async tile(@Param('*') path: string, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseTilePath(`tile/${path}`);
    if (!wanted || wanted.level === 'entries') throw new ConduitError('LOG_TILE_NOT_FOUND');
    const { level, index, width } = wanted;
    const [tile] = await this.tiles.read([{ level, index }]);
    if (!tile || tile.hashes.length < width * HASH_BYTES)
      throw new ConduitError('LOG_TILE_NOT_FOUND');
    await reply
      .header('content-type', 'application/octet-stream')
      .header('cache-control', FOR_EVER)
      .send(tile.hashes.subarray(0, width * HASH_BYTES));
  }
}
