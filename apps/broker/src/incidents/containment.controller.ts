import { Body, Get, HttpCode, Param, Post, Query, type Type } from '@nestjs/common';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { FreezeAccess } from '#apps/broker/src/incidents/freeze-access.js';
import { FreezeDto, FreezeTargetDto } from '#apps/broker/src/incidents/incident-bodies.js';
import {
  At,
  IncidentRoutes,
  type IncidentAt,
  type IncidentHouse,
} from '#apps/broker/src/incidents/incident-place.js';
import { MakePack } from '#apps/broker/src/incidents/make-pack.js';
import { ShowIncident } from '#apps/broker/src/incidents/show-incident.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { EvidencePack, FreezePreview, ThawAnswer } from '#libs/console-api/incidents.js';

/** What is stopped, and what the records show. */
export function containmentController(house: IncidentHouse): Type<object> {
  @IncidentRoutes(house)
  class ContainmentController {
    constructor(
      private readonly access: FreezeAccess,
      private readonly packs: MakePack,
      private readonly show: ShowIncident,
      private readonly stepUps: StepUps,
    ) {}

    @Get(':incidentId/freeze-preview')
    async preview(@At() at: IncidentAt, @Query() target: FreezeTargetDto): Promise<FreezePreview> {
      const { ofPractice: _, ...shown } = await this.access.preview(at, target);
      return shown;
    }

    @Post(':incidentId/freezes')
    async freeze(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp, kind, targetId }: FreezeDto,
    ): Promise<{ freezeId: string }> {
      const shown = await this.access.preview(at, { kind, targetId });
      const { incidentId } = at;
      const action = { type: 'incident.freeze', incidentId, kind, targetId, reach: shown.reach };
      await this.stepUps.require(person, action, stepUp);
      return { freezeId: await this.access.freeze(at, shown) };
    }

    @Post(':incidentId/freezes/:freezeId/thaw')
    @HttpCode(200)
    async thaw(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Param('freezeId') freezeId: string,
      @Body() { stepUp }: StepUpRequestDto,
    ): Promise<ThawAnswer> {
      const { incidentId } = at;
      const action = { type: 'incident.thaw', incidentId, freezeId };
      await this.stepUps.require(person, action, stepUp);
      return this.access.thaw(at, freezeId);
    }

    @Post(':incidentId/packs')
    @HttpCode(202)
    async gather(@At() at: IncidentAt): Promise<{ packId: string }> {
      return { packId: await this.packs.begin(at) };
    }

    @Get(':incidentId/packs/:packId')
    pack(@At() at: IncidentAt, @Param('packId') packId: string): Promise<EvidencePack> {
      return this.show.pack(at, packId);
    }
  }
  return ContainmentController;
}
