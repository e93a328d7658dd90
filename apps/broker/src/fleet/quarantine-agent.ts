import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { OPERATOR } from '#apps/broker/src/fleet/act-request-book.js';
import { noteAct } from '#apps/broker/src/fleet/note-act.js';
import { actAction, FindReach } from '#apps/broker/src/fleet/find-reach.js';
import { BlockAgent, type BlockTerms } from '#apps/broker/src/gateway/block-agent.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { StepUp } from '#libs/console-api/session.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Stops an agent at once. One person may: it only stops, and ends only by a release of two. */
@Injectable()
export class QuarantineAgent {
  constructor(
    private readonly reach: FindReach,
    private readonly stepUps: StepUps,
    private readonly block: BlockAgent,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, STEP_UP_REFUSED, ACT_NOT_POSSIBLE */
  async execute(person: SignedInPerson, agentId: string, stepUp: StepUp): Promise<void> {
    const reach = await this.reach.execute(agentId);
    await this.stepUps.require(person, actAction('agent.quarantine', agentId, reach), stepUp);
    await this.stop(agentId, person.personId);
  }

  /** With the operator's token: it stops, and nothing else. @throws ConduitError ACT_NOT_POSSIBLE */
  byToken(agentId: string): Promise<void> {
    return this.stop(agentId, OPERATOR);
  }

  /**
   * Of an incident, whose page has shown whom it hits and has asked for the passkey.
   * @param also stored with it or not at all
   * @throws ConduitError ACT_NOT_POSSIBLE; what `also` throws
   */
  forIncident(
    agentId: string,
    actorRef: string,
    also: NonNullable<BlockTerms['also']>,
  ): Promise<void> {
    return this.stop(agentId, actorRef, also);
  }

  private async stop(agentId: string, actorRef: string, also?: BlockTerms['also']): Promise<void> {
    const at = new Date(this.clock.now());
    const done = await this.block.quarantine(agentId, 'operator', {
      actorRef,
      also: async (within) => {
        await noteAct(within, { agentId, kind: 'quarantined', actorRef, at });
        await also?.(within);
      },
    });
    if (!done) throw new ConduitError('ACT_NOT_POSSIBLE');
    await this.broadcast.publish('fleet.changed', agentId);
  }
}
