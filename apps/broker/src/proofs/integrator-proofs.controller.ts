import { Body, Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportProofs } from '#apps/broker/src/proofs/export-proofs.js';
import { FindEntry } from '#apps/broker/src/proofs/find-entry.js';
import { FindReceipt } from '#apps/broker/src/proofs/find-receipt.js';
import { ExportProofsDto } from '#apps/broker/src/proofs/proof-bodies.js';
import { ShowLine } from '#apps/broker/src/proofs/show-line.js';
import type { ShownProof } from '#libs/console-api/proofs.js';

/** What an integrator did, with proofs to check offline. */
@Controller('console/api/integrators/:integratorId')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class IntegratorProofsController {
  constructor(
    private readonly receipts: FindReceipt,
    private readonly entries: FindEntry,
    private readonly show: ShowLine,
    private readonly file: ExportProofs,
  ) {}

  @Get('receipts/:receiptId')
  async readReceipt(
    @Param('integratorId') integratorId: string,
    @Param('receiptId') receiptId: string,
    @Person() person: SignedInPerson,
  ): Promise<ShownProof> {
    const tenant = { integratorId };
    return this.show.execute(tenant, person, await this.receipts.execute(tenant, receiptId));
  }

  @Get('activity/:seq/proof')
  async readProof(
    @Param('integratorId') integratorId: string,
    @Param('seq') seq: string,
    @Person() person: SignedInPerson,
  ): Promise<ShownProof> {
    const tenant = { integratorId };
    return this.show.execute(tenant, person, await this.entries.execute(tenant, seq));
  }

  @Post('proofs/export')
  @Policy('integrator', ['integrator-admin'])
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="conduit-proofs.json"')
  export(
    @Param('integratorId') integratorId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ExportProofsDto,
  ): Promise<string> {
    return this.file.execute({ integratorId }, person, wanted);
  }
}
