/** What is left when the database dies in the middle of destroying: a real server, killed at each statement. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { before } from '#apps/broker/src/audit/sequencing.fixture.js';
import { executionLimits } from '#apps/broker/src/retention/execute-destructions.js';
import { RetentionRoom } from '#apps/broker/src/retention/retention-room.fixture.js';
import { openDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';

const server = await startPostgres();
if (!server) process.stderr.write('SKIPPED: no PostgreSQL to kill in the middle of destroying\n');

(server ? describe : describe.skip)('PostgreSQL killed at any statement of destroying', () => {
  const { batch } = executionLimits;
  let room: RetentionRoom;

  beforeAll(async () => {
    room = await RetentionRoom.open(await openDatabase({ url: server?.url ?? '' }));
    executionLimits.batch = 4;
  });
  afterAll(async () => {
    executionLimits.batch = batch;
    await room.close();
    await server?.stop();
  });

  /** @param laterMs after the statement was given to the driver */
  async function killedAt(statement: number, laterMs: number): Promise<boolean> {
    let killed: Promise<void> | undefined;
    const kill = () => void (killed = server?.kill());
    const kills = before(statement, () => (laterMs > 0 ? void setTimeout(kill, laterMs) : kill()));
    await room
      .executing(room.kysely.withPlugin(kills))
      .execute()
      .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, laterMs));
    await killed;
    if (killed) await server?.restart();
    return killed !== undefined;
  }

  /** That what is gone, its entries, its acts and its places in the log agree. */
  async function expectAgreement(all: number): Promise<number> {
    const entries = await room.kysely.selectFrom('retention_register').select('records').execute();
    const gone = entries.reduce((sum, { records }) => sum + Number(records), 0);
    const acts = await room.recorded('records.destroyed');
    expect(acts).toHaveLength(entries.length);
    expect((await room.texts()).length).toBe(all - gone + acts.length);
    expect(await room.count('audit_destroyed')).toBe(gone);
    return gone;
  }

  test.each([0, 2])(
    'destroys nothing without its entry, and the next run goes on (%i ms later)',
    async (laterMs) => {
      await room.empty();
      await room.addOldRecords();
      await room.night();
      room.later(8);
      const all = (await room.texts()).length;
      let statement = 1;
      while (await killedAt(statement, laterMs)) {
        await expectAgreement(all);
        statement += 1;
      }
      // Each of the first batch's, at least.
      expect(statement).toBeGreaterThan(12);
      expect(await expectAgreement(all)).toBe(8);
      await room.sequenced();
      expect(await room.recorded('query.executed')).toHaveLength(1);
      expect((await room.verified()).wrong).toEqual([]);
    },
  );
});
