import { Body, Controller, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportProofs } from '#apps/broker/src/proofs/export-proofs.js';
import { FindEntry } from '#apps/broker/src/proofs/find-entry.js';
import { ExportProofsDto } from '#apps/broker/src/proofs/proof-bodies.js';
import { ShowLine } from '#apps/broker/src/proofs/show-line.js';
import type { ShownProof } from '#libs/console-api/proofs.js';

/** What was done at a practice, with proofs to check offline. */
@Controller('console/api/practices/:practiceId')
@Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
export class PracticeProofsController {
  constructor(
    private readonly find: FindEntry,
    private readonly show: ShowLine,
    private readonly file: ExportProofs,
  ) {}

  @Get('activity/:seq/proof')
  async readProof(
    @Param('practiceId') practiceId: string,
    @Param('seq') seq: string,
    @Person() person: SignedInPerson,
  ): Promise<ShownProof> {
    const tenant = { practiceId };
    return this.show.execute(tenant, person, await this.find.execute(tenant, seq));
  }

  @Post('proofs/export')
  @Policy('practice', ['practice-owner', 'practice-auditor'])
  @HttpCode(200)
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="conduit-proofs.json"')
  export(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ExportProofsDto,
  ): Promise<string> {
    return this.file.execute({ practiceId }, person, wanted);
  }
}
