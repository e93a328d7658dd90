/**
 * Software vendors and their keys. Promises: a key is shown once and kept as an HMAC; at most two
 * live keys of a name, so that one is replaced without a gap; an OAuth client is a key without a secret;
 * a revoked key stops at once; each act is in the audit or did not happen.
 */
import { Module } from '@nestjs/common';
import { IntegratorsController } from '#apps/broker/src/integrators/integrators.controller.js';
import { IssueApiKey } from '#apps/broker/src/integrators/issue-api-key.js';
import { RegisterClient } from '#apps/broker/src/integrators/register-client.js';
import { RegisterIntegrator } from '#apps/broker/src/integrators/register-integrator.js';
import { RevokeApiKey } from '#apps/broker/src/integrators/revoke-api-key.js';
import { RotateApiKey } from '#apps/broker/src/integrators/rotate-api-key.js';

@Module({
  controllers: [IntegratorsController],
  providers: [IssueApiKey, RegisterClient, RegisterIntegrator, RevokeApiKey, RotateApiKey],
  exports: [IssueApiKey, RegisterClient, RegisterIntegrator, RevokeApiKey, RotateApiKey],
})
export class IntegratorsModule {}
