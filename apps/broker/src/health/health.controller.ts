import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Readiness, type ReadinessReport } from '#apps/broker/src/health/readiness.js';

@Controller('health')
@Policy('public')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process turns its event loop. */
  @Get('live')
  live(): { live: true } {
    return { live: true };
  }

  /** 503 while this node should get no traffic. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    reply.code(report.ready ? 200 : 503);
    return report;
  }
}
