/** The breach workbench over a store in memory: two practices, two officers and an owner, and agents that can be played. */
import { sql } from 'kysely';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import type { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { PausableGrantBook } from '#apps/broker/src/grants/pausable-grant-book.js';
import { QuarantineAgent } from '#apps/broker/src/fleet/quarantine-agent.js';
import { BrokerEvidence } from '#apps/broker/src/incidents/broker-evidence.js';
import { ChangeIncident } from '#apps/broker/src/incidents/change-incident.js';
import { DecideIncident } from '#apps/broker/src/incidents/decide-incident.js';
import { ExportIncident } from '#apps/broker/src/incidents/export-incident.js';
import { FindFacts } from '#apps/broker/src/incidents/find-facts.js';
import {
  FindFreezeReach,
  type FreezeTarget,
} from '#apps/broker/src/incidents/find-freeze-reach.js';
import { FreezeAccess } from '#apps/broker/src/incidents/freeze-access.js';
import { GatherPart } from '#apps/broker/src/incidents/gather-part.js';
import { IncidentNames } from '#apps/broker/src/incidents/incident-names.js';
import type { IncidentAt, IncidentPlace } from '#apps/broker/src/incidents/incident-place.js';
import { IncidentRegister } from '#apps/broker/src/incidents/incident-register.js';
import { IncidentScopes } from '#apps/broker/src/incidents/incident-scope.js';
import { MakePack } from '#apps/broker/src/incidents/make-pack.js';
import { PackScope } from '#apps/broker/src/incidents/pack-scope.js';
import { PracticeServers } from '#apps/broker/src/incidents/practice-servers.js';
import { ShowIncident } from '#apps/broker/src/incidents/show-incident.js';
import { StartDrill } from '#apps/broker/src/incidents/start-drill.js';
import { WriteLetters } from '#apps/broker/src/incidents/write-letters.js';
import type {
  ProvenRecords,
  ReadAgentLog,
} from '#apps/broker/src/reconciliation/read-agent-log.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import type { IncidentScope } from '#libs/console-api/incidents.js';
import { aGrant } from '#libs/grants/grant.fixture.js';

const DAY_MS = 86_400_000;
const unused = undefined as never;

type Said = Omit<ProvenRecords, 'isCut'> & Partial<ProvenRecords>;

const played = (said: Said | undefined) => said && { isCut: false, ...said };

/** What an agent says of a span of time; absent: it has no link. */
export type PlayedAgent = (fromMs: number, toMs: number) => Said | undefined;

export const officer = { personId: 'officer-1' };
export const colleague = { personId: 'officer-2' };
export const owner = { personId: 'owner-1', practiceId: 'practice-1' };

export class IncidentRoom {
  readonly agents = new Map<string, PlayedAgent>();
  readonly pauses: LivePauses;
  readonly permissions: PausableGrantBook;
  readonly sites: SiteBook;
  readonly register: IncidentRegister;
  readonly scopes: IncidentScopes;
  readonly shown: ShowIncident;
  readonly change: ChangeIncident;
  readonly release: ReleaseAgent;
  readonly freezes: FreezeAccess;
  readonly packs: MakePack;
  readonly decide: DecideIncident;
  readonly letters: WriteLetters;
  readonly export: ExportIncident;
  readonly drills: StartDrill;
  readonly parts: GatherPart;

  private constructor(readonly practice: BrokerPractice) {
    const { broadcast, audit, clock, log } = practice;
    const { kysely } = practice.store;
    this.pauses = new LivePauses(kysely, broadcast, log);
    this.permissions = new PausableGrantBook(practice.book, this.pauses);
    this.sites = new SiteBook(kysely, broadcast, this.permissions, this.pauses, log);
    this.register = new IncidentRegister(kysely, audit, clock);
    this.scopes = new IncidentScopes(kysely, clock);
    const names = new IncidentNames(kysely, new ActivityPeople(kysely));
    this.shown = new ShowIncident(kysely, names, clock);
    this.change = new ChangeIncident(this.register, this.scopes);
    const block = new BlockAgent(kysely, audit, broadcast, clock, log);
    // Its own pages show whom it hits; here an incident's did.
    const stop = new QuarantineAgent(unused, unused, block, broadcast, clock);
    const lines = {
      depthOf: () => Promise.resolve(3),
      waitingOf: () => Promise.resolve(1),
    } as never;
    const reach = new FindFreezeReach(kysely, lines, this.pauses, clock);
    this.release = new ReleaseAgent(block);
    this.freezes = new FreezeAccess(this.register, reach, stop, this.release, broadcast);
    const servers = new PracticeServers(kysely);
    const evidence = new BrokerEvidence(kysely, this.links(), this.agentLog(), servers, clock);
    this.parts = new GatherPart(kysely, this.links(), evidence, broadcast, log);
    const scope = new PackScope(kysely, servers);
    this.packs = new MakePack(kysely, this.register, scope, this.parts, broadcast);
    this.decide = new DecideIncident(this.register);
    this.letters = new WriteLetters(this.register, new FindFacts());
    this.export = new ExportIncident(this.register, this.shown);
    this.drills = new StartDrill(this.register, this.packs);
  }

  static async open(): Promise<IncidentRoom> {
    const practice = await BrokerPractice.open();
    const room = new IncidentRoom(practice);
    await room.pauses.onModuleInit();
    room.parts.onModuleInit();
    await room.fill();
    await room.sites.onModuleInit();
    return room;
  }

  async close(): Promise<void> {
    this.parts.beforeApplicationShutdown();
    this.pauses.onApplicationShutdown();
    this.sites.onModuleDestroy();
    await this.practice.close();
  }

  get kysely() {
    return this.practice.store.kysely;
  }

  /** A day of everything, until now. */
  scope(changes: Partial<IncidentScope> = {}): IncidentScope {
    const nowMs = this.practice.clock.now();
    const none = { practices: [], sites: [], agents: [], integrators: [], keys: [] };
    const window = {
      from: new Date(nowMs - DAY_MS).toISOString(),
      to: new Date(nowMs).toISOString(),
    };
    return { ...none, ...window, ...changes };
  }

  /** @returns where its opener works on it */
  async opened<Place extends IncidentPlace>(
    place: Place,
    changes: Partial<IncidentScope> = {},
  ): Promise<Place & IncidentAt> {
    const found = await this.scopes.require(this.scope(changes), place.practiceId);
    const incidentId = await this.register.open(place, {
      title: 'Zz more queries than usual',
      awareAt: new Date(this.practice.clock.now()).toISOString(),
      ...{ noticed: 'staff-noticed', myHealthRecord: 'no', scope: found.scope, found },
    });
    return { ...place, incidentId };
  }

  async freeze(at: IncidentAt, target: Pick<FreezeTarget, 'kind' | 'targetId'>): Promise<string> {
    return this.freezes.freeze(at, await this.freezes.preview(at, target));
  }

  /** Made to its end. */
  async pack(at: IncidentAt) {
    const packId = await this.packs.begin(at);
    for (;;) {
      const pack = await this.shown.pack(at, packId);
      if (pack.state !== 'making') return pack;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private links(): AttachedLinks {
    const newest = (agentId: string) =>
      this.agents.has(agentId) ? { client: agentId } : undefined;
    return { newest } as unknown as AttachedLinks;
  }

  private agentLog(): ReadAgentLog {
    const execute = async (agentId: string, _: unknown, span: { fromMs: number; toMs: number }) =>
      played(this.agents.get(agentId)?.(span.fromMs, span.toMs));
    return { execute } as unknown as ReadAgentLog;
  }

  private async fill(): Promise<void> {
    const { practice, kysely } = this;
    await sql`update agents set created_at = '2020-01-01'`.execute(kysely);
    for (const [agent, n] of [
      ['one', '1'],
      ['two', '2'],
    ] as const) {
      await practice.asked(`site-${n}`, 'integrator-1');
      const grant = aGrant({
        ...{ grantId: `grant-${n}`, practiceId: `practice-${n}`, siteIds: [`site-${n}`] },
        integratorId: 'integrator-1',
      });
      await practice.grants.execute(practice.agents[agent].peer, practice.published(grant, agent));
      await this.person(`officer-${n}`, 'operator-security', null);
      await this.person(`owner-${n}`, 'practice-owner', `practice-${n}`);
    }
    await kysely
      .insertInto('api_keys')
      .values({
        ...{
          key_id: 'key-1',
          integrator_id: 'integrator-1',
          name: 'Zz key',
          secret_hmac: Buffer.alloc(32),
        },
        ...{ site_ids: '[]', address_ranges: '[]' },
      })
      .execute();
  }

  private async person(
    id: string,
    role: 'operator-security' | 'practice-owner',
    at: string | null,
  ) {
    const email = `${id}@example.com`;
    await this.kysely
      .insertInto('people')
      .values({ person_id: id, name: `Zz ${id}`, email, updated_at: new Date() })
      .execute();
    await this.kysely
      .insertInto('person_roles')
      .values({
        ...{ person_role_id: id, person_id: id, role, practice_id: at, integrator_id: null },
        ...{ expires_at: null, invited_by: 'operator' },
      })
      .execute();
  }
}
