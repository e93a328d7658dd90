import { Injectable } from '@nestjs/common';
import { DeclareProfile } from '#apps/broker/src/integrator-desk/declare-profile.js';
import { KeyDesk } from '#apps/broker/src/integrator-desk/key-desk.js';
import { ShowSites } from '#apps/broker/src/integrator-desk/show-sites.js';
import { ShowUsage } from '#apps/broker/src/integrator-desk/show-usage.js';

/** All that is known of one integrator, page by page. */
@Injectable()
export class DeskBook {
  constructor(
    readonly profile: DeclareProfile,
    readonly keys: KeyDesk,
    readonly sites: ShowSites,
    readonly usage: ShowUsage,
  ) {}
}
