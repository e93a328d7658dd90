/**
 * Execution: runs permitted queries on the practice's databases and streams their rows back. It
 * promises that the gate is asked for every query, that limits hold while rows stream, that no
 * statement outlives its caller, its grant or its time, and that each leaves one journal record.
 */
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { AgentConfig, type SiteSettings } from '#apps/agent/src/agent.config.js';
import { LoadBrake } from '#apps/agent/src/brake/load-brake.js';
import { SiteStates } from '#apps/agent/src/brake/site-states.js';
import { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';
import { MinuteLimit } from '#apps/agent/src/execution/minute-limit.js';
import { PmsSites, type OpenPmsDriver } from '#apps/agent/src/execution/pms-sites.js';
import { RunQueryController } from '#apps/agent/src/execution/run-query.controller.js';
import { RunQuery } from '#apps/agent/src/execution/run-query.js';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';
import { DoctorController } from '#apps/agent/src/health/doctor.controller.js';
import { ProbedDatabaseHealth } from '#apps/agent/src/health/probed-database-health.js';
import { DatabaseHealth } from '#apps/agent/src/link/database-health.port.js';
import { SiteLoads } from '#apps/agent/src/link/site-loads.port.js';
import { MssqlPmsDriver } from '#apps/agent/src/pms/pms-driver.mssql.js';
import { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';
import { openKeeping } from '#apps/agent/src/writes/open-keeping.js';
import { Clock } from '#libs/kernel/clock.js';

const openMssql: OpenPmsDriver = (site: SiteSettings) => new MssqlPmsDriver(site);

@Global()
@Module({})
export class ExecutionModule {
  /**
   * @param openDriver opens another kind of PMS. Only code can pass it, never a setting: benches
   *   and tests give the scripted driver here, and the shipped agent has no way to reach that.
   */
  static of(openDriver: OpenPmsDriver = openMssql): DynamicModule {
    return {
      module: ExecutionModule,
      controllers: [DoctorController, RunQueryController],
      providers: [
        {
          provide: PmsSites,
          useFactory: (
            { sites, stateFolder, spoolKeepFreeBytes }: AgentConfig,
            consents: ConsentGuard,
          ) =>
            new PmsSites(
              sites,
              openDriver,
              SpoolFolder.emptied(stateFolder, spoolKeepFreeBytes),
              openKeeping(stateFolder),
              consents,
            ),
          inject: [AgentConfig, ConsentGuard],
        },
        {
          provide: MinuteLimit,
          useFactory: (clock: Clock) => new MinuteLimit(clock),
          inject: [Clock],
        },
        {
          provide: StatementFingerprint,
          useFactory: ({ stateFolder }: AgentConfig) =>
            StatementFingerprint.fromFolder(stateFolder),
          inject: [AgentConfig],
        },
        RunQuery,
        ProbedDatabaseHealth,
        { provide: DatabaseHealth, useExisting: ProbedDatabaseHealth },
        LoadBrake,
        { provide: SiteLoads, useExisting: LoadBrake },
        SiteStates,
      ],
      exports: [
        ...[RunQuery, PmsSites, StatementFingerprint],
        ...[ProbedDatabaseHealth, DatabaseHealth, SiteLoads, SiteStates],
      ],
    };
  }
}
