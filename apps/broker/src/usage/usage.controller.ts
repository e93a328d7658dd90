import { Controller, Get, Query } from '@nestjs/common';
import { Caller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { ReadUsage, type UsagePage } from '#apps/broker/src/usage/read-usage.js';
import { ReadUsageDto } from '#libs/contracts/usage.js';

@Controller('integrator')
@Policy('integratorKey')
export class UsageController {
  constructor(private readonly readUsage: ReadUsage) {}

  @Get('usage')
  read(@Caller() caller: CallerIdentity, @Query() asked: ReadUsageDto): Promise<UsagePage> {
    return this.readUsage.execute(caller, asked);
  }
}
