/**
 * Boots a broker and stops it again. Used by main.ts and by end-to-end tests, so that what is tested
 * is what runs. Stopping: report not ready, take no new connection, let requests finish, drain the
 * links, write the audit, close the store.
 */
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LogSequencer } from '#apps/broker/src/audit/log-sequencer.js';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BrokerModule } from '#apps/broker/src/broker.module.js';
import { ApiCertificate } from '#apps/broker/src/edge/api-certificate.js';
import { makeAdapter, prepareServer } from '#apps/broker/src/edge/http-server.js';
import { LocalConsole } from '#apps/broker/src/edge/local-console.js';
import { RequestCount } from '#apps/broker/src/edge/request-count.js';
import { Gateway } from '#apps/broker/src/gateway/gateway.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import { MetricsServer } from '#apps/broker/src/health/metrics-server.js';
import { Readiness } from '#apps/broker/src/health/readiness.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { NodeDoor } from '#apps/broker/src/nodes/node-door.js';
import { openResources } from '#apps/broker/src/open-resources.js';
import type { EventLog } from '#apps/broker/src/logging/event-log.js';
import { WitnessRound } from '#apps/broker/src/witnesses/witness-round.js';
import { LinkServer } from '#libs/link/link-server.js';

export interface RunningBroker {
  app: NestFastifyApplication;
  /** 0 where the role is not played; `console`: of plain HTTP on this machine, in development. */
  ports: { api: number; gateway: number; nodes: number; metrics: number; console: number };
  /** Resolves when everything is closed; calling it again waits for the same end. */
  stop(): Promise<void>;
}

export async function startBroker(config: BrokerConfig, log: EventLog): Promise<RunningBroker> {
  // Both take a second or so: keys are made on one thread while the store opens on another.
  const opening = ApiCertificate.open(config);
  opening.catch(() => undefined);
  const opened = await openResources(config, log);
  try {
    const certificate = await opening;
    const adapter = makeAdapter({ tls: certificate.current, trustProxy: config.trustProxy });
    const app = await NestFactory.create<NestFastifyApplication>(
      BrokerModule.of(opened.resources),
      adapter,
      { logger: false, bodyParser: false, abortOnError: false },
    );
    const metrics = app.get(Metrics);
    const requests = new RequestCount((method, route, status) =>
      metrics.countRequest(method, route, status),
    );
    await prepareServer(app, requests);
    const { ports, local } = await listen(app, config, log);
    certificate.follow(app.getHttpServer() as Server, () =>
      log.write('certificate.renewed', { what: 'api' }),
    );
    const stop = once(async () => {
      certificate.stop();
      await local?.close();
      await stopBroker(app, config, log, requests, opened.close);
    });
    return { app, ports, stop };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function listen(
  app: NestFastifyApplication,
  config: BrokerConfig,
  log: EventLog,
): Promise<{ ports: RunningBroker['ports']; local: LocalConsole | undefined }> {
  // With the filter of the edge, which hands on errors as they are: else an agent reads INTERNAL.
  app.connectMicroservice({ strategy: app.get(LinkServer) }, { inheritAppConfig: true });
  const ports = { api: 0, gateway: 0, nodes: 0, metrics: 0, console: 0 };
  await app.init();
  await app.startAllMicroservices();
  app.get(BackgroundJobs).start();
  app.get(LogSequencer).start();
  if (config.roles.includes('gateway')) {
    const [door, gateway] = [app.get(NodeDoor), app.get(Gateway)];
    await door.start();
    ports.nodes = door.port;
    await gateway.start();
    app.get(WitnessRound).start();
    ports.gateway = gateway.port;
  }
  if (config.roles.includes('api')) {
    await app.listen(config.apiPort, config.apiHost);
    ports.api = ((app.getHttpServer() as Server).address() as AddressInfo).port;
  }
  const local = await openLocalConsole(app, config);
  ports.console = local?.port ?? 0;
  app.get(ConsoleOrigin).listensOn(ports.api, local?.port);
  ports.metrics = await app.get(MetricsServer).listen();
  for (const what of ['api', 'gateway', 'nodes', 'console', 'metrics'] as const) {
    if (ports[what] > 0) log.write('broker.listening', { what, port: ports[what] });
  }
  return { ports, local };
}

async function openLocalConsole(
  app: NestFastifyApplication,
  { roles, consoleLocalPort }: BrokerConfig,
): Promise<LocalConsole | undefined> {
  if (consoleLocalPort === undefined || !roles.includes('api')) return undefined;
  const server = app.getHttpAdapter().getInstance();
  return LocalConsole.listen(consoleLocalPort, (request, response) =>
    server.routing(request, response),
  );
}

async function stopBroker(
  app: NestFastifyApplication,
  config: BrokerConfig,
  log: EventLog,
  requests: RequestCount,
  closeResources: () => Promise<void>,
): Promise<void> {
  app.get(Readiness).drain();
  const server = app.getHttpServer() as Server;
  if (server.listening) server.close();
  server.closeIdleConnections();
  const unfinishedRequests = await requests.settle(config.drainSeconds * 1_000);
  server.closeAllConnections();
  await app.close();
  await app.get(MetricsServer).close();
  log.write('broker.stopped', { unfinishedRequests });
  await closeResources();
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= act());
}
