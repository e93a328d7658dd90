import { Body, Controller, Get, HttpCode, Param, Put } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AlertRules } from '#apps/broker/src/fleet/alert-rules.js';
import { ChangeAlertRuleDto, OpeningHoursDto } from '#apps/broker/src/fleet/fleet-bodies.js';
import { ListAlerts } from '#apps/broker/src/fleet/list-alerts.js';
import { SetSiteHours } from '#apps/broker/src/fleet/set-site-hours.js';
import type { AlertRule, Alerts } from '#libs/console-api/operator.js';

/** What is wrong, who is told of it, and when nobody is to be missed. */
@Controller('console/api/operator')
@Policy('operator', ['operator-support', 'operator-security'])
export class AlertsController {
  constructor(
    private readonly alerts: ListAlerts,
    private readonly rules: AlertRules,
    private readonly hours: SetSiteHours,
  ) {}

  @Get('alerts')
  list(): Promise<Alerts> {
    return this.alerts.execute();
  }

  @Get('alert-rules')
  listRules(@Person() person: SignedInPerson): Promise<AlertRule[]> {
    return this.rules.list(person);
  }

  @Put('alert-rules/:ruleId')
  @Policy('operator', ['operator-security'])
  changeRule(
    @Person() person: SignedInPerson,
    @Param('ruleId') ruleId: string,
    @Body() order: ChangeAlertRuleDto,
  ): Promise<AlertRule> {
    return this.rules.change(person, ruleId, order);
  }

  @Put('sites/:siteId/hours')
  @HttpCode(204)
  setHours(
    @Person() person: SignedInPerson,
    @Param('siteId') siteId: string,
    @Body() hours: OpeningHoursDto,
  ): Promise<void> {
    return this.hours.execute(person, siteId, hours);
  }
}
