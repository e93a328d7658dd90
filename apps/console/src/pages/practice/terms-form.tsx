/**
 * The terms of a permission as somebody without training sets them: ticks for what was asked, a few
 * lengths and sizes, and behind a fold what only some need. Starts with what was asked, modestly.
 */
import type { AccessRequest, PermissionChoices } from '#libs/console-api/practice.js';
import { Checkbox, CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Select, type Option } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { requireTexts, statementFingerprint } from './sign-permission.js';
import { StatementChoices } from './statement-card.js';

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
const lengthsFor = ({ ceiling }: AccessRequest) => within(lengths, ceiling?.maxDays, 'days');
const sizesFor = ({ ceiling }: AccessRequest) => within(sizes, ceiling?.maxRows, 'rows');

const isStatement = (scope: string) => scope.startsWith('statement:');

/** What every pairing asks first; wider things have to be given on purpose. */
export function asTerms(request: AccessRequest): Terms {
  const { asked, catalogues, integrator } = request;
  const wanted = asked.catalogues.filter((name) => catalogues.includes(name));
  return {
    scopes: asked.scopes
      .filter(({ isWide, changes }) => !(isWide && changes))
      .filter(({ scope }) => !isStatement(scope))
      .map(({ scope }) => scope),
    catalogues: wanted.length > 0 ? wanted : catalogues,
    purposes: integrator.purposes.map(({ code }) => code),
    days: lengthsFor(request).at(-1)?.value ?? '30',
    rows: (sizesFor(request)[2] ?? sizesFor(request).at(-1))?.value ?? '1000',
    isOfficeHours: false,
    from: '07:00',
    to: '19:00',
    procedures: '',
    statement: '',
  };
}

/** @throws Problem when a statement that is ticked is not the one that was shown */
export async function asChoices(
  terms: Terms,
  { statements: shown }: AccessRequest,
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
    days: Number(terms.days),
    rows: Number(terms.rows),
    ...(terms.isOfficeHours && {
      hours: { days: [1, 2, 3, 4, 5, 6], from: terms.from, to: terms.to },
    }),
  };
}

export interface TermsFormProps {
  request: AccessRequest;
  terms: Terms;
  onChange: (terms: Terms) => void;
  isReadOnly: boolean;
}

export function TermsForm({ request, terms, onChange, isReadOnly }: TermsFormProps) {
  const set = (change: Partial<Terms>) => onChange({ ...terms, ...change });
  const { integrator } = request;
  const isChange = terms.scopes.includes('sql:write');
  return (
    <fieldset className="panel" disabled={isReadOnly}>
      <legend className="unseen">What {request.integratorName} may do</legend>
      <CheckboxGroup
        label="It asks to"
        choices={[...request.asked.scopes, ...(wideWrite(request) ?? [])]
          .filter(({ scope }) => !isStatement(scope))
          .map(({ scope, words, isWide }) => ({
            value: scope,
            label: words,
            ...(isWide && {
              hint:
                scope === 'sql:write'
                  ? 'Very wide. Only for software that you would trust with everything.'
                  : 'Usual for software that works with the whole practice. Passwords and the like stay out of its reach.',
            }),
          }))}
        value={terms.scopes}
        onChange={(scopes) => set({ scopes })}
      />
      <StatementChoices
        statements={request.statements}
        scopes={terms.scopes}
        onChange={(scopes) => set({ scopes })}
        mayChange={request.ceiling?.rawSqlWrites ?? false}
      />
      {isChange && (
        <Notice tone="warning" title="It could change any record">
          <p>Untick this unless you have agreed it with the company.</p>
        </Notice>
      )}
      <CheckboxGroup
        label="In these databases"
        choices={request.catalogues.map((name) => ({ value: name, label: name }))}
        value={terms.catalogues}
        onChange={(catalogues) => set({ catalogues })}
      />
      {integrator.purposes.length > 0 && (
        <CheckboxGroup
          label="For"
          hint="Marketing can’t be permitted."
          choices={integrator.purposes.map(({ code, words }) => ({ value: code, label: words }))}
          value={terms.purposes}
          onChange={(purposes) => set({ purposes })}
        />
      )}
      <div className="fields">
        <Select
          label="For how long"
          options={lengthsFor(request)}
          value={terms.days}
          onChange={(days) => set({ days })}
        />
        <Select
          label="At most, in one answer"
          options={sizesFor(request)}
          value={terms.rows}
          onChange={(rows) => set({ rows })}
        />
      </div>
      <Checkbox
        label="Only in opening hours"
        hint="Monday to Saturday, by the practice’s clock. Outside them it is refused."
        isSelected={terms.isOfficeHours}
        onChange={(isOfficeHours) => set({ isOfficeHours })}
      />
      {terms.isOfficeHours && (
        <div className="fields">
          <TextField
            label="From"
            type="time"
            value={terms.from}
            onChange={(from) => set({ from })}
          />
          <TextField label="To" type="time" value={terms.to} onChange={(to) => set({ to })} />
        </div>
      )}
      <Special terms={terms} onChange={set} request={request} />
      <p className="quiet plainly">
        Everything travels encrypted. For the moment it passes, Conduit’s own servers handle it in
        the clear, in memory only; they keep none of it.
      </p>
    </fieldset>
  );
}

/** Offered only where the practice's server would let it count. */
function wideWrite({ ceiling, asked }: AccessRequest) {
  const isAsked = asked.scopes.some(({ scope }) => scope === 'sql:write');
  if (isAsked || ceiling?.rawSqlWrites !== true) return undefined;
  const words = 'Also read and change anything, with commands of its own';
  return [{ scope: 'sql:write', words, changes: true, isWide: true }];
}

interface SpecialProps {
  terms: Terms;
  request: AccessRequest;
  onChange: (change: Partial<Terms>) => void;
}

function Special({ terms, request, onChange }: SpecialProps) {
  const { ceiling } = request;
  return (
    <details className="more">
      <summary>Let it do something more, such as book appointments</summary>
      <TextField
        label="Procedures it may run"
        hint="Their names, one a line, as the company told you, for example BookAppointment. They may change data."
        rows={3}
        isCode
        isDisabled={ceiling?.procedures === false}
        value={terms.procedures}
        onChange={(procedures) => onChange({ procedures })}
      />
      <TextField
        label="One agreed statement"
        hint="The exact text that was agreed, to the last character. Its fingerprint goes into the permission; the text stays on this page."
        rows={4}
        isCode
        value={terms.statement}
        onChange={(statement) => onChange({ statement })}
      />
      {ceiling !== undefined && !ceiling.rawSqlWrites && (
        <p className="quiet">
          Commands that change any data are switched off on the practice’s server. They can be
          allowed only there, in its file ceiling.json.
        </p>
      )}
    </details>
  );
}
