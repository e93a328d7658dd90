/** Settings of a site for tests: one server on this machine, two catalogues, two logins. */
import { Secret } from '#libs/kernel/secret.js';
import {
  CatalogueSettings,
  LoginSettings,
  SiteLimits,
  SiteLogins,
  SiteSettings,
} from '#apps/agent/src/agent.config.js';

export function aLogin(user: string, password: string): LoginSettings {
  return Object.assign(new LoginSettings(), { user, password: new Secret(password) });
}

/** @param port where the server listens */
export function aSite(
  port: number,
  options: { limits?: Partial<SiteLimits>; logins?: Partial<SiteLogins>; encrypt?: boolean } = {},
): SiteSettings {
  return Object.assign(new SiteSettings(), {
    siteId: '6f1d2c3b-4a59-4e68-8f70-112233445566',
    server: 'localhost',
    port,
    encrypt: options.encrypt ?? false,
    trustServerCertificate: true,
    catalogues: [
      Object.assign(new CatalogueSettings(), {
        name: 'Patients',
        database: 'Patients',
        isDefault: true,
      }),
      Object.assign(new CatalogueSettings(), { name: 'Reference', database: 'Reference' }),
    ],
    logins: Object.assign(new SiteLogins(), {
      read: aLogin('reader', 'right'),
      write: aLogin('writer', 'right'),
      ...options.logins,
    }),
    limits: Object.assign(new SiteLimits(), options.limits),
  });
}
