/**
 * The agent as a running service: a Nest microservice whose transport dials out. Promises: one
 * process per state folder; what runs when it is stopped gets thirty seconds to finish; the broker
 * hears a goodbye.
 */
import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentModule } from '#apps/agent/src/agent.module.js';
import type { OpenPmsDriver } from '#apps/agent/src/execution/pms-sites.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { AgentReporter } from '#apps/agent/src/link/agent-reporter.js';
import { KeyUpkeep } from '#apps/agent/src/link/key-upkeep.js';
import { JsonEventLog, type EventLog } from '#apps/agent/src/logging/event-log.js';
import { LinkErrorFilter } from '#libs/link/link-error.filter.js';
import { openResources } from '#apps/agent/src/resources.module.js';
import { lockState } from '#apps/agent/src/state-lock.js';
import { agentVersion } from '#apps/agent/src/version.js';

const DRAIN_MS = 30_000;

export interface RunningAgent {
  app: INestMicroservice;
  link: AgentLink;
  /** Finishes what runs, says goodbye and ends. @param drainMs at most this long; default 30 s */
  stop(drainMs?: number): Promise<void>;
}

export interface RunOptions {
  log?: EventLog;
  /** Another kind of PMS, for tests and benches. */
  openDriver?: OpenPmsDriver;
}

/**
 * Starts the agent; resolves when it serves, whether or not the broker can be reached yet.
 * @throws ConduitError AGENT_NOT_ENROLLED, AGENT_ALREADY_RUNNING
 */
export async function runAgent(
  config: AgentConfig,
  { log = new JsonEventLog(config.logLevel), openDriver }: RunOptions = {},
): Promise<RunningAgent> {
  const unlock = lockState(config.stateFolder);
  try {
    const resources = await openResources(config, log);
    const { agentId, siteIds } = resources.identity;
    log.write('agent.starting', { version: agentVersion, agentId, sites: siteIds.length });
    const app = await NestFactory.createMicroservice(AgentModule.of(resources, openDriver), {
      strategy: resources.handlers,
      logger: false,
      abortOnError: false,
    });
    app.useGlobalFilters(new LinkErrorFilter());
    await app.listen();
    const link = app.get(AgentLink);
    const timers = [app.get(KeyUpkeep), app.get(AgentReporter)];
    for (const timer of timers) timer.start();
    link.start();
    const stop = async (drainMs = DRAIN_MS) => {
      for (const timer of timers) timer.stop();
      await link.stop(drainMs);
      await app.close();
      unlock();
      log.write('agent.stopped', {});
    };
    return { app, link, stop: once(stop) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Runs until the process is told to stop; the second signal ends it at once. */
export async function runAgentUntilSignal(config: AgentConfig): Promise<void> {
  const log = new JsonEventLog(config.logLevel);
  const agent = await runAgent(config, { log });
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve);
  });
  log.write('agent.stopping', { signal });
  await agent.stop();
}

function once(stop: (drainMs?: number) => Promise<void>): (drainMs?: number) => Promise<void> {
  let stopping: Promise<void> | undefined;
  return (drainMs) => (stopping ??= stop(drainMs));
}
