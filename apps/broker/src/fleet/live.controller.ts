import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { LiveStreams } from '#apps/broker/src/fleet/live-streams.js';

/** What changes while somebody looks. */
@Controller('console/api/operator/live')
@Policy('operator', ['operator-support', 'operator-security'])
export class LiveController {
  constructor(private readonly streams: LiveStreams) {}

  @Get()
  open(@Person() person: SignedInPerson, @Res() reply: FastifyReply): void {
    this.streams.requireRoom(person);
    const { raw } = reply;
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // Proxies that gather answers would hold events back.
      'X-Accel-Buffering': 'no',
    });
    this.streams.open(person, raw);
  }
}
