/** The first page of a practice: how its sites are, who is connected and what they did today. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { OverviewExtras } from '#apps/broker/src/practice-desk/overview-extras.js';
import { PracticeBook, type SiteOfPractice } from '#apps/broker/src/practice-desk/practice-book.js';
import { noSums, ReadToday } from '#apps/broker/src/practice-desk/read-today.js';
import { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import type {
  ConnectedIntegrator,
  PermissionSummary,
  PracticeOverview,
  PracticeSite,
  Pauses,
  Today,
} from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import type { IntegratorSums } from '#apps/broker/src/practice-desk/read-today.js';

/** Without what only the technician's page shows. */
export const siteView = ({
  agentId: _agent,
  pmsType: _type,
  pmsSiteId: _pms,
  ...view
}: SiteOfPractice): PracticeSite => view;

@Injectable()
export class ShowOverview {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly permissions: ShowPermissions,
    private readonly today: ReadToday,
    private readonly desk: OverviewExtras,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute(practiceId: string): Promise<PracticeOverview> {
    const practice = await this.book.find(practiceId);
    const [sites, permissions, { sums }, pauses, openRequests, admittedApprovers] =
      await Promise.all([
        this.book.sites(practiceId),
        this.permissions.list(practiceId),
        this.today.execute(practiceId, practice.timeZone),
        this.desk.pauses(practiceId),
        this.openRequests(practiceId),
        this.desk.admitted(practiceId),
      ]);
    return {
      ...practice,
      sites: sites.map(siteView),
      integrators: connected(permissions, sums, pauses),
      openRequests,
      admittedApprovers,
      ...(pauses.all && { pause: pauses.all }),
    };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async ofToday(practiceId: string): Promise<Today> {
    const { timeZone } = await this.book.find(practiceId);
    const permissions = await this.permissions.list(practiceId);
    const { since, sums } = await this.today.execute(practiceId, timeZone);
    const { integrators: names } = await this.permissions.names(practiceId);
    const registered = await this.registered(practiceId);
    const ids = new Set([...permissions.map((one) => one.integratorId), ...sums.keys()]);
    const integrators = [...ids].map((id) => ({
      ...(sums.get(id) ?? noSums(id)),
      name: names.get(id) ?? id,
      purposes: purposesOf(permissions, id),
      registered: registered.get(id) ?? 0,
    }));
    return { since, integrators: integrators.sort((a, b) => a.name.localeCompare(b.name)) };
  }

  private async openRequests(practiceId: string): Promise<number> {
    const { count } = await this.database
      .selectFrom('access_requests')
      .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('practice_id', '=', practiceId)
      .where('access_requests.state', '=', 'pending')
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  private async registered(practiceId: string): Promise<Map<string, number>> {
    const rows = await this.database
      .selectFrom('registered_queries')
      .innerJoin('sites', 'sites.site_id', 'registered_queries.site_id')
      .select(({ fn }) => ['integrator_id', fn.countAll<string>().as('count')])
      .where('practice_id', '=', practiceId)
      .where('registered_queries.state', '=', 'enabled')
      .groupBy('integrator_id')
      .execute();
    return new Map(rows.map((row) => [row.integrator_id, Number(row.count)]));
  }
}

const purposesOf = (permissions: readonly PermissionSummary[], integratorId: string): string[] => [
  ...new Set(
    permissions
      .filter((one) => one.integratorId === integratorId && one.state === 'active')
      .flatMap((one) => one.purposes)
      .map(purposeText),
  ),
];

/** Whoever has a permission that is in force, waits or is about to end; by name. */
function connected(
  permissions: readonly PermissionSummary[],
  sums: ReadonlyMap<string, IntegratorSums>,
  pauses: Pauses,
): ConnectedIntegrator[] {
  const shown = permissions.filter(({ state }) => state !== 'revoked');
  const ids = [...new Set(shown.map(({ integratorId }) => integratorId))];
  return ids
    .map((integratorId): ConnectedIntegrator => {
      const own = shown.filter((one) => one.integratorId === integratorId);
      const pause = pauses.integrators.find((one) => one.integratorId === integratorId);
      const { reads, writes, refused, failed, lastAt } =
        sums.get(integratorId) ?? noSums(integratorId);
      return {
        integratorId,
        name: own[0]?.integratorName ?? integratorId,
        permissions: own,
        today: { reads, writes, refused, failed, ...(lastAt !== undefined && { lastAt }) },
        ...(pause && { pause }),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}
