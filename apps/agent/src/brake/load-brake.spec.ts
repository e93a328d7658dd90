import { beforeEach, describe, expect, test } from '@jest/globals';
import { LoadBrake } from '#apps/agent/src/brake/load-brake.js';
import { UsualLatency } from '#apps/agent/src/brake/usual-latency.js';
import { nobodyWithdrew } from '#apps/agent/src/consent/consent.fixture.js';
import { PmsSites } from '#apps/agent/src/execution/pms-sites.js';
import type { WaitingRoom } from '#apps/agent/src/execution/waiting-room.js';
import type { EventLog } from '#apps/agent/src/logging/event-log.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';
import { noDisk } from '#apps/agent/src/spool/spool.fixture.js';
import { aKeeping } from '#apps/agent/src/writes/write-keeping.fixture.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const settings = aSite(1, { limits: { maxConcurrent: 8 } });
let brake: LoadBrake;
let driver: ScriptedPmsDriver;
let room: WaitingRoom;
let logged: object[];
let probes: number;
let latencyMs: number;

beforeEach(() => {
  driver = new ScriptedPmsDriver(() => ({}));
  probes = 0;
  latencyMs = 2;
  driver.probe = () => {
    probes += 1;
    return Promise.resolve(latencyMs);
  };
  driver.blockedByOurs = () => Promise.resolve(0);
  const sites = new PmsSites([settings], () => driver, noDisk(), aKeeping(), nobodyWithdrew());
  ({ room } = sites.all()[0]!);
  logged = [];
  const log = { write: (_name: string, facts: object) => void logged.push(facts) };
  brake = new LoadBrake(sites, log as EventLog);
});

async function look(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await brake.lookAtAll();
}

const enter = (lane: 'immediate' | 'async' | 'registered') =>
  room.enter({
    lane,
    integratorId: 'a',
    grantId: 'a',
    grantConcurrency: Infinity,
    maxWaitMs: 60_000,
    signal: new AbortController().signal,
  });

describe('the brake', () => {
  test('looks often only while something may have to be held', async () => {
    await look(13);
    expect(probes).toBeLessThan(5);
    void enter('async');
    probes = 0;
    await look(5);
    expect(probes).toBe(5);
  });

  test('holds async queries, then registered runs, lets them go again, and tells of each step', async () => {
    await look(1);
    const told: string[] = [];
    brake.onChange(() => told.push(brake.of(settings.siteId)));
    const leave = enter('async') as () => void;
    latencyMs = 500;
    await look(2);
    const waiting = enter('async');
    expect(typeof waiting).not.toBe('function');
    expect(typeof enter('registered')).toBe('function');
    expect(room.slowMs).toBeGreaterThan(0);
    await look(2);
    expect(typeof enter('registered')).not.toBe('function');
    expect(typeof enter('immediate')).toBe('function');
    leave();
    latencyMs = 2;
    await look(6);
    expect(typeof (await waiting)).toBe('function');
    expect(told).toEqual(['asyncPaused', 'backgroundPaused', 'asyncPaused', 'normal']);
    expect(logged.map((facts) => (facts as { load: string }).load)).toEqual(told);
    expect(room.slowMs).toBe(0);
  });

  test('lets what others wait for run on at full speed', async () => {
    await look(1);
    void enter('async');
    driver.blockedByOurs = () => Promise.resolve(2);
    await look(2);
    expect(brake.of(settings.siteId)).toBe('asyncPaused');
    expect(room.slowMs).toBe(0);
  });

  test('does not take a server that is away for one that is busy', async () => {
    await look(1);
    void enter('async');
    driver.probe = () => Promise.reject(new ConduitError('DATABASE_UNAVAILABLE'));
    await look(10);
    expect(brake.of(settings.siteId)).toBe('normal');
  });

  test('asks again at once after a slow answer, and takes the quickest', async () => {
    await look(1);
    void enter('async');
    for (let n = 0; n < 4; n += 1) {
      const answers = [500, 2];
      driver.probe = () => Promise.resolve(answers.shift() ?? 2);
      await look(1);
    }
    expect(brake.of(settings.siteId)).toBe('normal');
  });

  test('does not look twice at once at a server that does not answer', async () => {
    await look(1);
    void enter('async');
    probes = 0;
    driver.probe = () => {
      probes += 1;
      return new Promise(() => {});
    };
    void brake.lookAtAll();
    void brake.lookAtAll();
    await Promise.resolve();
    expect(probes).toBe(1);
  });
});

describe('the usual latency', () => {
  test('is the median of looks that lie apart, and follows what lasts', () => {
    const usual = new UsualLatency();
    expect(usual.medianMs).toBeUndefined();
    let nowMs = 0;
    const note = (latency: number, count: number, apartMs = 30_000): void => {
      for (let n = 0; n < count; n += 1) usual.note(latency, (nowMs += apartMs));
    };
    note(2, 20);
    note(500, 100, 100);
    expect(usual.medianMs).toBe(2);
    note(500, 10);
    expect(usual.medianMs).toBe(2);
    note(500, 20);
    expect(usual.medianMs).toBe(500);
  });
});
