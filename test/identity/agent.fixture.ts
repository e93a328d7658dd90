/** A real agent for tests of identity and link: its own state folder, the same start as in service. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { enrol } from '#apps/agent/src/identity/enrol.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { runAgent, type RunningAgent } from '#apps/agent/src/run-agent.js';
import { Secret } from '#libs/kernel/secret.js';
import type { TestBroker, TestPractice } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

export interface TestAgent extends RunningAgent {
  stateFolder: string;
  log: MemoryEventLog;
}

export function newStateFolder(): string {
  return mkdtempSync(join(tmpdir(), 'conduit-agent-'));
}

/** A copy as a backup or a cloned machine would be, without the lock of the running process. */
export function copyState(stateFolder: string): string {
  const copy = newStateFolder();
  cpSync(join(stateFolder, 'identity'), join(copy, 'identity'), { recursive: true });
  return copy;
}

export async function enrolAgent(broker: TestBroker, practice: TestPractice): Promise<string> {
  const stateFolder = newStateFolder();
  await enrol({ stateFolder, brokerUrl: broker.url, code: practice.code.reveal() });
  return stateFolder;
}

export async function startAgent(stateFolder: string, proxy?: string): Promise<TestAgent> {
  const config = Object.assign(new AgentConfig(), { stateFolder, logLevel: 'error' });
  if (proxy !== undefined) config.proxy = new Secret(proxy);
  const log = new MemoryEventLog();
  const running = await runAgent(config, { log });
  return { ...running, stateFolder, log };
}

export async function startConnectedAgent(stateFolder: string, proxy?: string) {
  const agent = await startAgent(stateFolder, proxy);
  await until(() => agent.link.state === 'connected');
  return agent;
}
