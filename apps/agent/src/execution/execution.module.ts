/**
 * Execution: runs permitted queries on the practice's databases and streams their rows back. It
 * promises that the gate is asked for every query, that limits hold while rows stream, that no
 * statement outlives its caller, its grant or its time, and that each leaves one journal record.
 */
import { type DynamicModule, Module } from '@nestjs/common';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { DatabaseHealth } from '#apps/agent/src/health/database-health.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { PmsSites, type OpenPmsDriver } from '#apps/agent/src/execution/pms-sites.js';
import { RunQueryController } from '#apps/agent/src/execution/run-query.controller.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { SystemClock } from '#libs/kernel/clock.js';

export interface ExecutionOptions {
  sites: readonly SiteSettings[];
  stateFolder: string;
  /**
   * Opens another kind of PMS. Only code can set it, never a setting: benches and tests pass the
   * scripted driver here, so the shipped agent has no way to reach it.
   */
  openDriver?: OpenPmsDriver;
}

@Module({})
export class ExecutionModule {
  /** Needs GrantGate and Journal from a global module. */
  static register(options: ExecutionOptions): DynamicModule {
    const open = options.openDriver ?? ((site: SiteSettings) => new MssqlPmsDriver(site));
    return {
      module: ExecutionModule,
      controllers: [RunQueryController],
      providers: [
        { provide: PmsSites, useFactory: () => new PmsSites(options.sites, open) },
        { provide: MinuteLimit, useFactory: () => new MinuteLimit(new SystemClock()) },
        {
          provide: StatementFingerprint,
          useFactory: () => StatementFingerprint.fromFolder(options.stateFolder),
        },
        {
          provide: RunQuery,
          useFactory: (
            sites: PmsSites,
            gate: GrantGate,
            minutes: MinuteLimit,
            journal: Journal,
            fingerprints: StatementFingerprint,
          ) => new RunQuery(sites, gate, minutes, journal, fingerprints),
          inject: [PmsSites, GrantGate, MinuteLimit, Journal, StatementFingerprint],
        },
        {
          provide: DatabaseHealth,
          useFactory: (sites: PmsSites) => new DatabaseHealth(sites),
          inject: [PmsSites],
        },
      ],
      exports: [RunQuery, PmsSites, DatabaseHealth],
    };
  }
}
