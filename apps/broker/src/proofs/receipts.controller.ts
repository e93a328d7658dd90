import { Controller, Get, Header, Param } from '@nestjs/common';
import { Caller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { FindReceipt } from '#apps/broker/src/proofs/find-receipt.js';
import { ShowProof } from '#apps/broker/src/proofs/show-proof.js';
import type { RecordProof } from '#libs/console-api/proofs.js';

/** What an integrator was answered, as the audit log holds it. */
@Controller('integrator/receipts')
@Policy('integratorKey')
export class ReceiptsController {
  constructor(
    private readonly find: FindReceipt,
    private readonly show: ShowProof,
  ) {}

  @Get(':receiptId')
  @Header('Cache-Control', 'no-store')
  async readReceipt(
    @Param('receiptId') receiptId: string,
    @Caller() { integratorId, key }: CallerIdentity,
  ): Promise<RecordProof> {
    const reader = { integratorId, ...(key.siteIds && { siteIds: key.siteIds }) };
    return this.show.execute(await this.find.execute(reader, receiptId));
  }
}
