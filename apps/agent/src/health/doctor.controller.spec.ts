import { expect, test } from '@jest/globals';
import type { AgentConfig } from '#apps/agent/src/agent.config.js';
import { DoctorController } from '#apps/agent/src/health/doctor.controller.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { aSite } from '#apps/agent/src/pms/site-settings.fixture.js';

test('answers codes alone, and once a minute', async () => {
  // Nothing listens there: that is a finding, too.
  const site = { ...aSite(1), server: '127.0.0.1', port: 1 };
  const config = { sites: [site] } as unknown as AgentConfig;
  const log = new MemoryEventLog();
  const doctor = new DoctorController(config, log);
  const running = doctor.run();
  await expect(doctor.run()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  const { findings } = await running;
  expect(findings.length).toBeGreaterThan(0);
  for (const finding of findings) {
    expect(Object.keys(finding).sort()).toEqual(['check', 'ok', 'severity', 'siteId']);
  }
  expect(findings).toContainEqual(
    expect.objectContaining({ check: expect.stringMatching(/connect$/), ok: false }),
  );
  await expect(doctor.run()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(log.lines.map(({ event }) => event)).toEqual(['doctor.run']);
});
