/** Registered queries as their integrator sees them; what is sealed is opened with his key, if it is the one. */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { FindRegistered } from '#apps/broker/src/registered/find-registered.js';
import { RunOpener } from '#apps/broker/src/registered/open-run.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { registeredView, type ErrorDetails } from '#apps/broker/src/registered/registered-view.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import { runParts } from '#libs/contracts/registered.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';

@Injectable()
export class ShowRegistered {
  constructor(
    private readonly find: FindRegistered,
    private readonly parts: RunParts,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError KEY_SITE_FORBIDDEN, SITE_NOT_FOUND, ACCESS_FROZEN */
  async all(request: FastifyRequest, siteId: string): Promise<Record<string, unknown>[]> {
    const rows = await this.find.all(request, siteId);
    const secret = presentedSecret(request);
    return Promise.all(rows.map((row) => this.execute(row, secret)));
  }

  async execute(row: RegisteredRow, secret: Secret<Buffer>): Promise<Record<string, unknown>> {
    return registeredView(row, secret, this.clock.now(), await this.words(row, secret));
  }

  /** The database's own words, while they are kept. */
  private async words(
    row: RegisteredRow,
    secret: Secret<Buffer>,
  ): Promise<ErrorDetails | undefined> {
    const run = Number(row.error_run ?? 0);
    const part = run > 0 ? await this.parts.stored(row, run, runParts.error) : undefined;
    if (!part) return undefined;
    try {
      return await new RunOpener(row, secret).openJson<ErrorDetails>(run, part);
    } catch {
      // Another key of the integrator's: he reads the code, not the words.
      return undefined;
    }
  }
}
