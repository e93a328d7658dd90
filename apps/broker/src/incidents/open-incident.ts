import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type { OpenIncidentDto } from '#apps/broker/src/incidents/incident-bodies.js';
import type { IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import { IncidentRegister } from '#apps/broker/src/incidents/incident-register.js';
import { IncidentScopes, invalid } from '#apps/broker/src/incidents/incident-scope.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { IncidentSource } from '#libs/console-api/incidents.js';
import type { ActionText } from '#libs/console-api/session.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_DAYS_BACK = 365;
const DAY_MS = 86_400_000;

/** Opens an incident of the operator's, or of a practice's own. */
@Injectable()
export class OpenIncident {
  constructor(
    private readonly register: IncidentRegister,
    private readonly scopes: IncidentScopes,
    private readonly stepUps: StepUps,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID, STEP_UP_REFUSED, INCIDENT_ALREADY_OPEN */
  async execute(
    place: IncidentPlace,
    person: SignedInPerson,
    { stepUp, ...wanted }: OpenIncidentDto,
  ): Promise<string> {
    const { practiceId } = place;
    const source = wanted.source as IncidentSource | undefined;
    const awareMs = Date.parse(wanted.awareAt);
    const nowMs = this.clock.now();
    if (awareMs > nowMs) throw invalid('awareAt', 'must not be in the future');
    if (awareMs < nowMs - MOST_DAYS_BACK * DAY_MS)
      throw invalid('awareAt', 'must be within the last year');
    const found = await this.scopes.require(wanted.scope, practiceId);
    await this.scopes.requireSource(source, practiceId);
    const { title, noticed, awareAt, myHealthRecord, scope } = wanted;
    const action = {
      ...{ type: 'incident.open', title, noticed, awareAt, myHealthRecord, scope: { ...scope } },
      ...(source && { source: { ...source } }),
      ...(practiceId !== undefined && { practiceId }),
    } as ActionText;
    await this.stepUps.require(person, action, stepUp);
    const said = { title, noticed, awareAt, myHealthRecord, scope: found.scope, found };
    return this.register.open(place, { ...said, ...(source && { source }) });
  }
}
