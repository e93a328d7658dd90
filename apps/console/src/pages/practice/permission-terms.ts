/**
 * From a request to the terms on the page, and from the page to what is asked of the broker. Terms start
 * with what was asked, modestly; where something is in force, with that and what is new.
 */
import type { AccessRequest, PermissionChoices, RunningTerms } from '#libs/console-api/practice.js';
import type { Option } from '#apps/console/src/ui/select.js';
import { requireTexts, statementFingerprint } from './sign-permission.js';

export interface Terms {
  scopes: string[];
  catalogues: string[];
  purposes: string[];
  days: string;
  rows: string;
  isOfficeHours: boolean;
  from: string;
  to: string;
  /** One name a line. */
  procedures: string;
  /** The exact text of one statement; only its fingerprint leaves this page. */
  statement: string;
}

const lengths = [
  { value: '30', label: '1 month' },
  { value: '90', label: '3 months' },
  { value: '180', label: '6 months' },
  { value: '365', label: '1 year' },
];
const sizes = [
  { value: '1000', label: '1,000 rows' },
  { value: '10000', label: '10,000 rows' },
  { value: '100000', label: '100,000 rows' },
  { value: '1000000', label: '1 million rows' },
];

/** The end that a permission has already. */
const AS_NOW = 'as now';

/** Those that the practice's server allows; else the one that it allows at most. */
function within(
  options: readonly Option[],
  atMost: number | undefined,
  unit: string,
): readonly Option[] {
  if (atMost === undefined) return options;
  const allowed = options.filter(({ value }) => Number(value) <= atMost);
  const most = { value: String(atMost), label: `${atMost.toLocaleString('en-AU')} ${unit}` };
  return allowed.length > 0 ? allowed : [most];
}
const day = new Intl.DateTimeFormat('en-AU', { dateStyle: 'medium' });

export function lengthsFor({ ceiling, running }: AccessRequest): readonly Option[] {
  const allowed = within(lengths, ceiling?.maxDays, 'days');
  if (!running) return allowed;
  const label = `As now, until ${day.format(new Date(running.expires))}`;
  return [{ value: AS_NOW, label }, ...allowed];
}
export function sizesFor({ ceiling, running }: AccessRequest): readonly Option[] {
  const allowed = within(sizes, ceiling?.maxRows, 'rows');
  const now = running?.rows;
  if (now === undefined || allowed.some(({ value }) => Number(value) === now)) return allowed;
  const own = { value: String(now), label: `${now.toLocaleString('en-AU')} rows, as now` };
  return [own, ...allowed];
}

export const isStatement = (scope: string) => scope.startsWith('statement:');

/** What every pairing asks first; wider things have to be given on purpose. What is in force is ticked. */
export function asTerms(request: AccessRequest): Terms {
  const { asked, catalogues, integrator, running } = request;
  const wanted = asked.catalogues.filter((name) => catalogues.includes(name));
  const usual = (sizesFor(request)[2] ?? sizesFor(request).at(-1))?.value ?? '1000';
  return {
    scopes: asked.scopes
      .filter(
        ({ scope, isWide, changes }) =>
          running?.scopes.includes(scope) || !((isWide && changes) || isStatement(scope)),
      )
      .map(({ scope }) => scope),
    catalogues: wanted.length > 0 ? wanted : catalogues,
    purposes: (running ? asked : integrator).purposes.map(({ code }) => code),
    days: running ? AS_NOW : (lengthsFor(request).at(-1)?.value ?? '30'),
    rows: running?.rows === undefined ? usual : String(running.rows),
    isOfficeHours: running?.hours !== undefined,
    from: running?.hours?.from ?? '07:00',
    to: running?.hours?.to ?? '19:00',
    procedures: '',
    statement: '',
  };
}

/** What is asked for on top of what is in force; nothing is when nothing is. */
export const isNew = (
  running: RunningTerms | undefined,
  kind: 'scopes' | 'catalogues' | 'purposes',
  one: string,
): boolean => running !== undefined && !running[kind].includes(one);

/** @throws Problem when a statement that is ticked is not the one that was shown */
export async function asChoices(
  terms: Terms,
  { statements: shown, running }: AccessRequest,
): Promise<PermissionChoices & { scopes: string[] }> {
  await requireTexts(shown, terms.scopes);
  const procedures = terms.procedures
    .split(/[\n,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => `procedure:${name}`);
  const statements =
    terms.statement === '' ? [] : [`statement:${await statementFingerprint(terms.statement)}`];
  return {
    scopes: [...new Set([...statements, ...procedures, ...terms.scopes])],
    catalogues: terms.catalogues,
    purposes: terms.purposes,
    ...(terms.days !== AS_NOW && { days: Number(terms.days) }),
    rows: Number(terms.rows),
    ...(terms.isOfficeHours
      ? {
          hours: {
            days: running?.hours?.days ?? [1, 2, 3, 4, 5, 6],
            from: terms.from,
            to: terms.to,
          },
        }
      : { anyHour: true }),
  };
}
