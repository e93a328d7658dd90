import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller, type CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { parseJson, readBody, SMALL_BODY_BYTES } from '#apps/broker/src/edge/read-body.js';
import { AskAccess } from '#apps/broker/src/grants/ask-access.js';
import { PairingDoor } from '#apps/broker/src/grants/pairing-door.js';
import { FindSites } from '#apps/broker/src/sites/find-sites.js';
import {
  pmsNames,
  pmsSpellings,
  pmsTypeOf,
  type PmsType,
} from '#apps/broker/src/sites/pms-names.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { InvalidFields, readDto } from '#libs/contracts/read-dto.js';
import { AskAccessDto, FindSitesDto, PairSiteDto } from '#libs/contracts/sites.js';

@Controller('integrator')
@Policy('integratorKey')
export class SitesController {
  constructor(
    private readonly pairing: PairingDoor,
    private readonly findSites: FindSites,
    private readonly sites: SiteBook,
    private readonly access: AskAccess,
  ) {}

  /** The second path is Halo's older one. */
  @Post(['pair-site', 'pairSite'])
  @HttpCode(200)
  async pairSite(
    @Caller() caller: CallerIdentity,
    @Req() request: FastifyRequest,
  ): Promise<Record<string, unknown>> {
    const claim = await readClaim(request);
    const { siteId } = await this.pairing.execute({
      integratorId: caller.integratorId,
      keyId: caller.keyId,
      ...(caller.key.siteIds && { keySiteIds: caller.key.siteIds }),
      pmsSiteId: claim.practiceManagementSiteId,
      pmsName: knownPms(claim.practiceManagementName),
      code: claim.pairingCode,
      requestId: request.id,
    });
    return this.findSites.one(siteId);
  }

  @Get('sites')
  async listSites(
    @Caller() caller: CallerIdentity,
    @Query() filter: FindSitesDto,
  ): Promise<{ sites: Record<string, unknown>[] }> {
    const { practiceManagementSiteId: pmsSiteId, practiceManagementName: pmsName } = filter;
    const sites = await this.findSites.execute(caller, {
      ...(pmsSiteId !== undefined && { pmsSiteId }),
      ...(pmsName !== undefined && { pmsName: knownPms(pmsName) }),
    });
    return { sites };
  }

  @Get('sites/:siteId')
  readSite(
    @Caller() caller: CallerIdentity,
    @Param('siteId') siteId: string,
  ): Promise<Record<string, unknown>> {
    this.sites.requirePaired(caller, siteId);
    return this.findSites.one(siteId);
  }

  /** More than is permitted there: the practice decides, and what it permits today stays until then. */
  @Post('sites/:siteId/access')
  @HttpCode(202)
  async askAccess(
    @Caller() caller: CallerIdentity,
    @Param('siteId') siteId: string,
    @Body() { scopes = [], catalogues = [], purposes = [] }: AskAccessDto,
    @Req() { id: requestId }: FastifyRequest,
  ): Promise<{ state: 'waiting' | 'permitted' }> {
    this.sites.requirePaired(caller, siteId);
    const { integratorId, keyId } = caller;
    const more = { scopes, catalogues, purposes };
    const by = { keyId };
    return { state: await this.access.execute({ siteId, integratorId, by, requestId, more }) };
  }
}

/** A body wins over the query string; both are read the same way. */
async function readClaim(request: FastifyRequest): Promise<PairSiteDto> {
  const { headers } = request;
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return readDto(PairSiteDto, request.query);
  return readDto(PairSiteDto, parseJson(await readBody(request, SMALL_BODY_BYTES)));
}

/** @throws InvalidFields listing the known names */
function knownPms(name: string): string {
  const type: PmsType | undefined = pmsTypeOf(name);
  if (type) return pmsNames[type];
  const problem = `must be one of the following values: ${pmsSpellings.join(', ')}`;
  throw new InvalidFields([{ field: 'practiceManagementName', problem }]);
}
