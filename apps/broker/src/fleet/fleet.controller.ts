import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { FindAgent } from '#apps/broker/src/fleet/find-agent.js';
import { ActRequestBook } from '#apps/broker/src/fleet/act-request-book.js';
import { ListEventsDto, ListFleetDto, SaveViewDto } from '#apps/broker/src/fleet/fleet-bodies.js';
import { ListFleet } from '#apps/broker/src/fleet/list-fleet.js';
import { ReadTimeline } from '#apps/broker/src/fleet/read-timeline.js';
import { SavedViews } from '#apps/broker/src/fleet/saved-views.js';
import type {
  AgentDetail,
  AgentEvents,
  AgentState,
  FleetPage,
  SavedView,
} from '#libs/console-api/operator.js';

/** How agents are: for both roles of the operator's staff. */
@Controller('console/api/operator')
@Policy('operator', ['operator-support', 'operator-security'])
export class FleetController {
  constructor(
    private readonly fleet: ListFleet,
    private readonly agents: FindAgent,
    private readonly requests: ActRequestBook,
    private readonly timeline: ReadTimeline,
    private readonly views: SavedViews,
  ) {}

  @Get('agents')
  list(@Query() { states, page, ...filter }: ListFleetDto): Promise<FleetPage> {
    const wanted = states?.split(',') as AgentState[] | undefined;
    return this.fleet.execute({ ...filter, ...(wanted && { states: wanted }) }, Number(page ?? 1));
  }

  @Get('agents/:agentId')
  async find(
    @Person() { personId }: SignedInPerson,
    @Param('agentId') agentId: string,
  ): Promise<AgentDetail> {
    const found = await this.agents.execute(agentId);
    const waitingRequest = await this.requests.ofAgent(agentId, personId);
    return { ...found, ...(waitingRequest && { waitingRequest }) };
  }

  @Get('agents/:agentId/events')
  events(
    @Param('agentId') agentId: string,
    @Query() { before }: ListEventsDto,
  ): Promise<AgentEvents> {
    return this.timeline.execute(agentId, before);
  }

  @Get('views')
  listViews(@Person() { personId }: SignedInPerson): Promise<SavedView[]> {
    return this.views.list(personId);
  }

  @Post('views')
  saveView(@Person() { personId }: SignedInPerson, @Body() order: SaveViewDto): Promise<SavedView> {
    return this.views.save(personId, order);
  }

  @Delete('views/:viewId')
  @HttpCode(204)
  removeView(
    @Person() { personId }: SignedInPerson,
    @Param('viewId') viewId: string,
  ): Promise<void> {
    return this.views.remove(personId, viewId);
  }
}
