/**
 * What the platform and the operator see of a node: alive, ready, counted. Promises: no label or
 * field tells one practice, integrator or query from another.
 */
import { Global, Module } from '@nestjs/common';
import { HealthController } from '#apps/broker/src/health/health.controller.js';
import { MetricsServer } from '#apps/broker/src/health/metrics-server.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import { Readiness } from '#apps/broker/src/health/readiness.js';

@Global()
@Module({
  controllers: [HealthController],
  providers: [Metrics, MetricsServer, Readiness],
  exports: [Metrics, MetricsServer, Readiness],
})
export class HealthModule {}
