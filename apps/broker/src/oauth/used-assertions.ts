import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Each assertion serves once on all nodes together. Only a digest of its id is kept, until it would be refused anyway. */
@Injectable()
export class UsedAssertions {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @returns false when it has served before */
  async take(clientId: string, jti: string, goodUntil: Date): Promise<boolean> {
    await this.database
      .deleteFrom('used_assertions')
      .where('good_until', '<', new Date(this.clock.now()))
      .execute();
    const taken = await this.database
      .insertInto('used_assertions')
      .values({
        key_id: clientId,
        jti_sha256: createHash('sha256').update(jti).digest(),
        good_until: goodUntil,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('key_id')
      .executeTakeFirst();
    return taken !== undefined;
  }
}
