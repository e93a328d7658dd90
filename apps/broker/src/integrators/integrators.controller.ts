import { Body, Controller, Delete, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { IssueApiKey, type IssuedKey } from '#apps/broker/src/integrators/issue-api-key.js';
import { RegisterIntegrator } from '#apps/broker/src/integrators/register-integrator.js';
import { RevokeApiKey } from '#apps/broker/src/integrators/revoke-api-key.js';
import { CreateIntegratorDto, CreateKeyDto } from '#libs/contracts/operator.js';

/** The operator's acts about integrators. */
@Controller('operator')
@Policy('operatorToken')
export class IntegratorsController {
  constructor(
    private readonly register: RegisterIntegrator,
    private readonly issue: IssueApiKey,
    private readonly revoke: RevokeApiKey,
  ) {}

  @Post('integrators')
  createIntegrator(@Body() order: CreateIntegratorDto): Promise<{ integratorId: string }> {
    return this.register.execute(order);
  }

  @Post('integrators/:integratorId/keys')
  createKey(
    @Param('integratorId') integratorId: string,
    @Body() order: CreateKeyDto,
  ): Promise<IssuedKey> {
    return this.issue.execute(integratorId, order);
  }

  @Delete('keys/:keyId')
  @HttpCode(204)
  async revokeKey(@Param('keyId') keyId: string): Promise<void> {
    await this.revoke.execute(keyId);
  }
}
