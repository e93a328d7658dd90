/**
 * Begins a drill: an incident of made-up records out of a seed, with a pack that is made as every other. Its queries
 * are in no log; what is done in it is in the audit log, and each record says that it was a drill. What its truth
 * is, libs/incidents' tests hold the pack against.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import { IncidentRegister } from '#apps/broker/src/incidents/incident-register.js';
import { MakePack } from '#apps/broker/src/incidents/make-pack.js';
import { drillParts } from '#libs/incidents/drill-pack.js';
import { drillWorld } from '#libs/incidents/drill-records.js';

@Injectable()
export class StartDrill {
  constructor(
    private readonly register: IncidentRegister,
    private readonly packs: MakePack,
  ) {}

  /** @throws ConduitError INCIDENT_ALREADY_OPEN for one of the same seed */
  async execute({ personId }: IncidentPlace, seed: number): Promise<string> {
    const world = drillWorld(seed);
    const incidentId = await this.register.open(
      { personId },
      {
        title: `Drill ${seed}: more queries than usual`,
        awareAt: this.register.now().toISOString(),
        ...{ noticed: 'alert', myHealthRecord: 'unknown', scope: world.scope, drillSeed: seed },
        found: { scope: world.scope, practiceIds: [], timeZone: 'Australia/Sydney' },
      },
    );
    const at = { incidentId, personId };
    const parts = await drillParts(world, incidentId);
    await this.register.change(at, async (within, row) => {
      const packId = randomUUID();
      const { size: log_size, root: log_root } = parts.checkpoint;
      await within
        .insertInto('incident_packs')
        .values({
          ...{ pack_id: packId, incident_id: incidentId, asked_by: personId, log_size, log_root },
          ...{ asked_at: this.register.now(), agents: world.agents.length },
        })
        .execute();
      await this.packs.store(within, at, row, packId, parts);
    });
    return incidentId;
  }
}
