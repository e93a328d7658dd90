/**
 * A permission as a practice manager reads it before signing: every field of the document that allows
 * something has a line, in the order that matters. The test of this file holds it to that.
 */
import type { ScopeWords } from '#libs/console-api/practice.js';
import type { StatementText } from '#libs/console-api/statement.js';
import type { Grant, GrantLimits } from '#libs/grants/grant.js';
import { hoursWords } from '#libs/grants/permitted-hours.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import { parseScope } from '#libs/grants/scope.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

export interface PermissionLine {
  label: string;
  text: string;
}

export interface PermissionNames {
  integrator: string;
  /** By siteId. */
  sites: ReadonlyMap<string, string>;
  /** Those that the practice can read in full. */
  statements: readonly StatementText[];
  /** Of the practice: dates are said in it. */
  timeZone: string;
}

/** `book-appointment` and `BookAppointment` read the same: as words. */
function spoken(name: string): string {
  return name
    .replace(/^dbo\./, '')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[._-]+/g, ' ')
    .toLowerCase();
}

/** @param statements those whose text can be read beside these words */
export function scopeWords(scope: string, statements: readonly StatementText[] = []): ScopeWords {
  const parsed = parseScope(scope);
  if (!parsed) {
    return { scope, words: 'Something this version doesn’t know', changes: true, isWide: true };
  }
  switch (parsed.kind) {
    case 'operation':
      return { scope, words: `Use “${spoken(parsed.name)}”`, changes: false, isWide: false };
    case 'procedure':
      return {
        scope,
        words: `Run the procedure “${spoken(parsed.name)}” (${parsed.name}), which may change data`,
        changes: true,
        isWide: false,
      };
    case 'statement':
      return statementWords(
        scope,
        parsed.sha256,
        statements.find((one) => one.scope === scope),
      );
    case 'sql:read':
      return {
        scope,
        words: 'Read anything in the databases below, with queries of its own',
        changes: false,
        isWide: true,
      };
    case 'sql:write':
      return {
        scope,
        words: 'Read and change anything in the databases below, with commands of its own',
        changes: true,
        isWide: true,
      };
    default:
      return exhaustive(parsed);
  }
}

function statementWords(
  scope: string,
  sha256: string,
  known: StatementText | undefined,
): ScopeWords {
  const fingerprint = `(fingerprint ${sha256.slice(0, 16)}…)`;
  if (!known) {
    const words = `Run one agreed statement, which may change data ${fingerprint}`;
    return { scope, words, changes: true, isWide: false };
  }
  const { name, changes } = known;
  const does = changes ? 'which changes data' : 'which only reads';
  const words = `Run the statement “${name}”, ${does}, to the last character ${fingerprint}`;
  return { scope, words, changes, isWide: false };
}

/** What becomes of the data on its way, without gloss. */
export const modeWords: Record<Grant['encryptionMode'], string> = {
  edge: 'Everything travels encrypted. For the moment it passes, Conduit’s own servers handle it in the clear, in memory only; they keep none of it.',
  sidecar:
    'Conduit’s servers can’t read it: it is sealed to a program at the integrator’s own computers.',
  sealed: 'Conduit’s servers can’t read it: it is sealed to the integrator’s own software.',
};

const MEGABYTE = 1_048_576;
/** Whole minutes as such, everything else in seconds. */
function lasting(ms: number): string {
  const minutes = ms / 60_000;
  if (Number.isInteger(minutes)) return minutes === 1 ? '1 minute' : `${number(minutes)} minutes`;
  return `${number(Math.ceil(ms / 1_000))} seconds`;
}

const number = (value: number): string => value.toLocaleString('en-AU');

const country = new Intl.DisplayNames(['en-AU'], { type: 'region' });
export function countryName(code: string): string {
  try {
    return country.of(code) ?? code;
  } catch {
    return code;
  }
}

function limitLines(limits: GrantLimits): string[] {
  const { rows, bytes, ms, concurrency, perMinute, resultMinutes, hours } = limits;
  const lines = [
    rows !== undefined && `At most ${number(rows)} rows in an answer`,
    bytes !== undefined && `At most ${number(Math.ceil(bytes / MEGABYTE))} MB in an answer`,
    ms !== undefined && `At most ${lasting(ms)} for a query`,
    concurrency !== undefined && `At most ${number(concurrency)} queries at the same time`,
    perMinute !== undefined && `At most ${number(perMinute)} queries a minute`,
    resultMinutes !== undefined &&
      `Results wait at most ${number(resultMinutes)} minutes, encrypted, after they were fetched`,
    hours !== undefined && `Only ${hoursWords(hours)}`,
    hours === undefined && 'At any hour',
  ];
  return lines.filter((line) => line !== false);
}

function writeLines({ writes }: Grant): string[] {
  const lines: string[] = [];
  if (writes?.journal === 'none') {
    lines.push(
      'Changes are made even though the database keeps no journal of them: after a fault nobody may be able to say whether a change was made',
    );
  }
  if (writes?.callerKey === 'required') {
    lines.push('Each change must carry a key of the integrator’s, so that none is made twice');
  }
  return lines;
}

/** Of a document that ends a permission, one line. */
export function permissionLines(grant: Grant, names: PermissionNames): PermissionLine[] {
  const sites = grant.siteIds.map((siteId) => names.sites.get(siteId) ?? siteId);
  if (grant.revoked) {
    return [{ label: 'Ends', text: `the access of ${names.integrator} to ${sites.join(', ')}` }];
  }
  const day = (iso: string) =>
    new Intl.DateTimeFormat('en-AU', { dateStyle: 'full', timeZone: names.timeZone }).format(
      new Date(iso),
    );
  const under = (label: string, texts: readonly string[]): PermissionLine[] =>
    texts.map((text) => ({ label, text }));
  return [
    ...under('Who', [names.integrator]),
    ...under('Where', sites),
    ...under(
      'What it may do',
      grant.scopes.map((scope) => scopeWords(scope, names.statements).words),
    ),
    ...under('In the databases', [grant.catalogues.join(', ')]),
    ...under('What for', grant.purposes.map(purposeText)),
    ...under('Limits', limitLines(grant.limits)),
    ...under('Changes', writeLines(grant)),
    ...under('Data may go to', [grant.countries.map(countryName).join(', ')]),
    ...under('From', [day(grant.notBefore)]),
    ...under('Until', [day(grant.expires)]),
    ...under('On its way', [modeWords[grant.encryptionMode]]),
  ];
}
