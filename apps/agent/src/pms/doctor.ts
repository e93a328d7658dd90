/**
 * Proves what each database login can't do, by trying. Every try runs in a transaction that is
 * rolled back, asks for no rows and touches none; what counts is whether SQL Server refuses it.
 */
import type { AgentConfig, SiteSettings } from '#apps/agent/src/agent.config.js';
import { DoctorSession, type Attempt } from '#apps/agent/src/pms/doctor-session.js';
import { journalTries, triesFor, type Try } from '#apps/agent/src/pms/doctor-tries.js';

export type Severity = 'critical' | 'warning';

export interface Finding {
  /** Stable word for the check, e.g. `read.insert`. */
  check: string;
  siteId: string;
  catalogue?: string;
  ok: boolean;
  /** How bad it is when it is not ok. */
  severity: Severity;
  /** What was found, in words for a technician. */
  words: string;
  /** What to do; absent when all is well. */
  remedy?: string;
}

type DatabaseTier = 'read' | 'write';

/** Examines every site's logins. Never rejects for what a database does. */
export async function runDoctor(config: Pick<AgentConfig, 'sites'>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const site of config.sites) {
    findings.push(...transportFindings(site), ...journalFindings(site));
    for (const tier of ['read', 'write'] as const) {
      if (site.logins[tier] === undefined) continue;
      for (const { name, database } of site.catalogues) {
        findings.push(...(await examine(site, tier, name, database)));
      }
    }
  }
  return findings;
}

function transportFindings(site: SiteSettings): Finding[] {
  const { siteId } = site;
  const isPrivate = site.encrypt && !site.trustServerCertificate;
  const isLocal = /^(localhost|127\.|::1|\.$)/.test(site.server);
  const ok = isPrivate || isLocal;
  return [
    {
      check: 'transport.encrypted',
      siteId,
      ok,
      severity: 'warning',
      words: ok
        ? 'The connection to the database cannot be read on the network.'
        : 'The connection to the database is not encrypted, or its certificate is not checked.',
      ...(ok
        ? {}
        : { remedy: 'Give SQL Server a certificate that this machine trusts, then set encrypt.' }),
    },
  ];
}

/** That there is none is the practice's choice; that writes are refused then should surprise nobody. */
function journalFindings({ siteId, logins, journal }: SiteSettings): Finding[] {
  if (logins.write === undefined || journal !== undefined) return [];
  return [
    {
      check: 'journal.place',
      siteId,
      ok: true,
      severity: 'warning',
      words:
        'No write journal is set up: writes are refused unless a permission allows them without.',
    },
  ];
}

async function examine(
  site: SiteSettings,
  tier: DatabaseTier,
  catalogue: string,
  database: string,
): Promise<Finding[]> {
  const about = { siteId: site.siteId, catalogue };
  const opened = await DoctorSession.open(site, tier, database);
  if (!(opened instanceof DoctorSession)) {
    return [
      {
        ...about,
        check: `${tier}.connect`,
        ok: false,
        severity: 'critical',
        words:
          opened === 'loginRefused'
            ? `The database refused the ${tier} login.`
            : 'The database server does not answer.',
        remedy:
          opened === 'loginRefused'
            ? 'Check the user, the password and that the login has a user in this database.'
            : 'Check that SQL Server is running, and the server and port in agent.json.',
      },
    ];
  }
  const findings: Finding[] = [];
  try {
    const isDefault = site.catalogues.find((each) => each.name === catalogue)?.isDefault ?? false;
    const ofJournal = site.journal && isDefault ? journalTries(site.journal, tier) : [];
    for (const attempt of [...(await triesFor(opened, tier)), ...ofJournal]) {
      findings.push({ ...about, ...judge(tier, attempt, await opened.attempt(attempt.sql)) });
    }
  } finally {
    opened.close();
  }
  return findings;
}

function judge(tier: DatabaseTier, tried: Try, attempt: Attempt): Omit<Finding, 'siteId'> {
  const check = `${tier}.${tried.check}`;
  if (attempt === 'failed') {
    return {
      check,
      ok: false,
      severity: 'warning',
      words: `Whether the ${tier} login can ${tried.deed} could not be found out.`,
      remedy: 'Run the doctor again; if it stays, check the rights of the login by hand.',
    };
  }
  const mustBeAllowed = tried.must === 'allowed';
  const ok = attempt === (mustBeAllowed ? 'allowed' : 'refused');
  const can = attempt === 'allowed' ? (mustBeAllowed ? 'can' : 'CAN') : 'cannot';
  return {
    check,
    ok,
    severity: 'critical',
    words: `The ${tier} login ${mustBeAllowed && !ok ? 'CANNOT' : can} ${tried.deed}.`,
    ...(ok ? {} : { remedy: tried.remedy }),
  };
}
