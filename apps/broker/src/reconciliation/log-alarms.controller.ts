import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { LogAlarmBook } from '#apps/broker/src/reconciliation/log-alarms.js';
import {
  logAlarmsOf,
  type LogAlarmOf,
  type LogAlarms,
  type SettleLogAlarmRequest,
} from '#libs/console-api/reconciliation.js';

/** Somebody's own words: everything but control characters and lone surrogates. */
const PLAIN_WORDS = /^[^\p{Cc}\p{Cs}]*$/u;

class SettleLogAlarmDto extends StepUpRequestDto implements SettleLogAlarmRequest {
  @IsIn(logAlarmsOf)
  about!: LogAlarmOf;

  @IsString()
  @Length(10, 500)
  @Matches(PLAIN_WORDS)
  reason!: string;
}

/** What the logs found wrong about an agent, and that somebody has looked. */
@Controller('console/api/operator/agents/:agentId/log-alarms')
@Policy('operator', ['operator-security'])
export class LogAlarmsController {
  constructor(private readonly alarms: LogAlarmBook) {}

  @Get()
  list(@Param('agentId') agentId: string): Promise<LogAlarms> {
    return this.alarms.list(agentId);
  }

  @Post('settle')
  @HttpCode(204)
  settle(
    @Person() person: SignedInPerson,
    @Param('agentId') agentId: string,
    @Body() order: SettleLogAlarmDto,
  ): Promise<void> {
    return this.alarms.settle(person, agentId, order);
  }
}
