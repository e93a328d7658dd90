/**
 * A grant in words that a practice manager understands, line by line, in the order that matters:
 * who, what they can do, with what, why, how much, until when. Nothing that the grant allows may be
 * missing here: people sign what they read.
 */
import type { OpenAccessRequest } from '#libs/grants/grant-messages.js';
import type { Grant, GrantLimits, WriteTerms } from '#libs/grants/grant.js';
import { hoursWords } from '#libs/grants/permitted-hours.js';
import { purposeWords } from '#libs/grants/purpose-words.js';
import { parseScope } from '#libs/grants/scope.js';
import { exhaustive } from '#libs/kernel/exhaustive.js';

/** Names to show beside ids, where they are known. */
export interface KnownNames {
  integrator?: string;
  sites?: Record<string, string>;
  /** What the integrator calls its statements, by SHA-256. */
  statements?: Record<string, string>;
}

/** The names that a request gives to its statements, as `describeScope` takes them. */
export const namesOfStatements = ({
  statements = [],
}: Pick<OpenAccessRequest, 'statements'>): Record<string, string> =>
  Object.fromEntries(statements.map(({ sha256, name }) => [sha256, name]));

/** One scope in words. */
export function describeScope(scope: string, { statements = {} }: KnownNames = {}): string {
  const parsed = parseScope(scope);
  if (!parsed) return `something this version does not know: ${JSON.stringify(scope)}`;
  switch (parsed.kind) {
    case 'operation':
      return `use the operation ${parsed.name}`;
    case 'procedure':
      return `run the stored procedure ${parsed.name}, which may change data`;
    case 'statement': {
      const name = statements[parsed.sha256];
      const which = name === undefined ? 'one statement' : `the statement ${JSON.stringify(name)}`;
      return `run ${which} agreed in advance, which may change data (SHA-256 ${parsed.sha256})`;
    }
    case 'sql:read':
      return 'READ ANYTHING the read login can see, with statements of its own';
    case 'sql:write':
      return 'READ AND CHANGE ANYTHING the write login can reach, with statements of its own';
    default:
      return exhaustive(parsed);
  }
}

function size(bytes: number): string {
  if (bytes >= 1_048_576) return `${Math.round(bytes / 104_857.6) / 10} MB`;
  return `${Math.round(bytes / 102.4) / 10} KB`;
}

function describeLimits(limits: GrantLimits): string[] {
  const lines: string[] = [];
  const add = (value: number | undefined, words: (shown: string) => string): void => {
    if (value !== undefined) lines.push(words(value.toLocaleString('en-AU')));
  };
  add(limits.rows, (rows) => `at most ${rows} rows an answer`);
  if (limits.bytes !== undefined) lines.push(`at most ${size(limits.bytes)} an answer`);
  add(limits.ms === undefined ? undefined : limits.ms / 1_000, (s) => `at most ${s} s a query`);
  add(limits.concurrency, (count) => `at most ${count} at the same time`);
  add(limits.perMinute, (count) => `at most ${count} queries a minute`);
  add(limits.resultMinutes, (count) => `results are kept for ${count} min after they were fetched`);
  if (limits.hours) lines.push(`only ${hoursWords(limits.hours)}`);
  return lines.length === 0 ? ['no limit of its own'] : lines;
}

/** Only what differs from the usual: every change is in the write journal. */
function describeWrites({ journal, callerKey }: WriteTerms): string[] {
  const lines: string[] = [];
  if (journal === 'none')
    lines.push(
      'also where the database server keeps no write journal: when a server or the network fails',
      'in the middle of a change, nobody may be able to say whether the change was made',
    );
  if (callerKey === 'required')
    lines.push('each must carry a key of the integrator, so that none is made twice');
  return lines;
}

const modeWords: Record<Grant['encryptionMode'], string> = {
  edge: 'The broker handles the data in the clear for the moment it passes, and keeps none of it.',
  sidecar: 'The broker cannot read the data: it is sealed to a program beside the integrator.',
  sealed: 'The broker cannot read the data: it is sealed to the integrator.',
};

/**
 * The grant in plain lines.
 * @param names shown with the ids; without them the ids stand alone
 */
export function describeGrant(grant: Grant, names: KnownNames = {}): string[] {
  const integrator = names.integrator
    ? `${names.integrator} (${grant.integratorId})`
    : grant.integratorId;
  if (grant.revoked) return [`Ends the permission ${grant.grantId} of ${integrator}.`];
  const site = (siteId: string): string => {
    const name = names.sites?.[siteId];
    return name === undefined ? siteId : `${name} (${siteId})`;
  };
  return [
    `Who:        ${integrator}`,
    ...grant.siteIds.map(
      (siteId, i) => `${i === 0 ? 'Where:      ' : '            '}${site(siteId)}`,
    ),
    ...grant.scopes.map(
      (scope, i) => `${i === 0 ? 'May:        ' : '       and  '}${describeScope(scope, names)}`,
    ),
    `In:         ${grant.catalogues.join(', ')}`,
    `For:        ${grant.purposes.map((purpose) => purposeWords[purpose]).join('; ')}`,
    ...describeLimits(grant.limits).map(
      (line, i) => `${i === 0 ? 'How much:   ' : '            '}${line}`,
    ),
    ...describeWrites(grant.writes ?? {}).map(
      (line, i) => `${i === 0 ? 'Changes:    ' : '            '}${line}`,
    ),
    `Data goes to: ${grant.countries.join(', ')}`,
    `From:       ${grant.notBefore}`,
    `Until:      ${grant.expires}`,
    modeWords[grant.encryptionMode],
  ];
}
