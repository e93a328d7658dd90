/**
 * Statements that integrators submit so that practices can agree to them word for word. Promises: a
 * text is kept only when it has no place for anybody's facts; only its integrator and the practices
 * that were asked can read it; asking permits nothing, and takes a pairing or a permission in force.
 */
import { Module } from '@nestjs/common';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { AskStatement } from '#apps/broker/src/statements/ask-statement.js';
import { ShowStatements } from '#apps/broker/src/statements/show-statements.js';
import { StatementShelf } from '#apps/broker/src/statements/statement-shelf.js';
import { StatementsController } from '#apps/broker/src/statements/statements.controller.js';

@Module({
  imports: [GrantsModule],
  controllers: [StatementsController],
  providers: [AskStatement, ShowStatements, StatementShelf],
  exports: [ShowStatements],
})
export class StatementsModule {}
