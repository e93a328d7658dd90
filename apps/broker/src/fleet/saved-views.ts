import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SavedView, SaveViewRequest } from '#libs/console-api/operator.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const MOST_VIEWS = 20;

/** Each person's own ways to look at the fleet. A name saved again replaces the one before. */
@Injectable()
export class SavedViews {
  constructor(private readonly database: Kysely<Database>) {}

  async list(personId: string): Promise<SavedView[]> {
    const rows = await this.database
      .selectFrom('fleet_views')
      .select(['view_id', 'name', 'filter'])
      .where('person_id', '=', personId)
      .orderBy('name')
      .execute();
    return rows.map(({ view_id: viewId, name, filter }) => ({ viewId, name, filter }));
  }

  /** @throws ConduitError REQUEST_INVALID beyond twenty */
  async save(personId: string, { name, filter }: SaveViewRequest): Promise<SavedView> {
    const others = (await this.list(personId)).filter((view) => view.name !== name);
    if (others.length >= MOST_VIEWS) {
      const problem = `has to go first: ${MOST_VIEWS} views are kept`;
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'one', problem } });
    }
    const text = JSON.stringify(filter);
    const row = await this.database
      .insertInto('fleet_views')
      .values({ view_id: randomUUID(), person_id: personId, name, filter: text })
      .onConflict((conflict) =>
        conflict.columns(['person_id', 'name']).doUpdateSet({ filter: text }),
      )
      .returning(['view_id', 'name', 'filter'])
      .executeTakeFirstOrThrow();
    return { viewId: row.view_id, name: row.name, filter: row.filter };
  }

  /** Deleting what is gone is as good. */
  async remove(personId: string, viewId: string): Promise<void> {
    await this.database
      .deleteFrom('fleet_views')
      .where('person_id', '=', personId)
      .where('view_id', '=', viewId)
      .execute();
  }
}
