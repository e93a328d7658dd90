import { Body, Controller, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { StartDrillDto } from '#apps/broker/src/incidents/incident-bodies.js';
import { StartDrill } from '#apps/broker/src/incidents/start-drill.js';
import type { OpenedIncident } from '#libs/console-api/incidents.js';

/** A made-up incident to practise with. It grants, stops and gives out nothing, so it asks for no passkey. */
@Controller('console/api/operator/incidents/drills')
@Policy('operator', ['operator-security'])
export class DrillsController {
  constructor(private readonly drill: StartDrill) {}

  @Post()
  async start(
    @Person() { personId }: SignedInPerson,
    @Body() { seed }: StartDrillDto,
  ): Promise<OpenedIncident> {
    return { incidentId: await this.drill.execute({ personId }, seed) };
  }
}
