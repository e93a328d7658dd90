import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AskStatement } from '#apps/broker/src/statements/ask-statement.js';
import { ShowStatements } from '#apps/broker/src/statements/show-statements.js';
import {
  AskStatementDto,
  SubmitStatementDto,
} from '#apps/broker/src/statements/statement-bodies.js';
import { StatementShelf } from '#apps/broker/src/statements/statement-shelf.js';
import type { Statements } from '#libs/console-api/statement.js';

/** An integrator's statements: developers write them, administrators put them before practices. */
@Controller('console/api/integrators/:integratorId/statements')
@Policy('integrator', ['integrator-admin'])
export class StatementsController {
  constructor(
    private readonly shown: ShowStatements,
    private readonly shelf: StatementShelf,
    private readonly asking: AskStatement,
  ) {}

  @Get()
  @Policy('integrator', ['integrator-admin', 'integrator-developer'])
  list(@Param('integratorId') integratorId: string): Promise<Statements> {
    return this.shown.list(integratorId);
  }

  @Post()
  @Policy('integrator', ['integrator-admin', 'integrator-developer'])
  async submit(
    @Param('integratorId') integratorId: string,
    @Person() { personId }: SignedInPerson,
    @Body() wanted: SubmitStatementDto,
  ): Promise<{ statementId: string }> {
    return { statementId: await this.shelf.submit(integratorId, personId, wanted) };
  }

  @Post(':statementId/ask')
  @HttpCode(204)
  ask(
    @Param('integratorId') integratorId: string,
    @Param('statementId') statementId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { siteId }: AskStatementDto,
  ): Promise<void> {
    return this.asking.execute({ integratorId, personId, statementId, siteId });
  }

  @Delete(':statementId')
  @HttpCode(204)
  withdraw(
    @Param('integratorId') integratorId: string,
    @Param('statementId') statementId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<void> {
    return this.shelf.withdraw(integratorId, personId, statementId);
  }
}
