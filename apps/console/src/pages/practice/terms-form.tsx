/**
 * The terms of a permission as somebody without training sets them: ticks for what was asked, a few
 * lengths and sizes, and behind a fold what only some need.
 */
import type { AccessRequest, RunningTerms } from '#libs/console-api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Checkbox, CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { isNew, isStatement, lengthsFor, sizesFor, type Terms } from './permission-terms.js';
import { StatementChoices } from './statement-card.js';

export interface TermsFormProps {
  request: AccessRequest;
  terms: Terms;
  onChange: (terms: Terms) => void;
  isReadOnly: boolean;
}

export function TermsForm({ request, terms, onChange, isReadOnly }: TermsFormProps) {
  const set = (change: Partial<Terms>) => onChange({ ...terms, ...change });
  const { integrator, running } = request;
  const isRead = (scope: string) => request.statements.some((one) => one.scope === scope);
  const isChange = terms.scopes.includes('sql:write');
  const asksFor = (name: string) => request.asked.catalogues.includes(name);
  const purposes = running ? request.asked.purposes : integrator.purposes;
  return (
    <fieldset className="panel" disabled={isReadOnly}>
      <legend className="unseen">What {request.integratorName} may do</legend>
      <CheckboxGroup
        label="It asks to"
        choices={[...request.asked.scopes, ...(wideWrite(request) ?? [])]
          // One that was signed on the server: its text is not known here.
          .filter(
            ({ scope }) =>
              !isStatement(scope) || (running?.scopes.includes(scope) && !isRead(scope)),
          )
          .map(({ scope, words, isWide }) => ({
            value: scope,
            label: <Marked words={words} isNew={isNew(running, 'scopes', scope)} />,
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
        choices={request.catalogues.map((name) => ({
          value: name,
          label: (
            <Marked words={name} isNew={asksFor(name) && isNew(running, 'catalogues', name)} />
          ),
        }))}
        value={terms.catalogues}
        onChange={(catalogues) => set({ catalogues })}
      />
      {purposes.length > 0 && (
        <CheckboxGroup
          label="For"
          hint="Marketing can’t be permitted."
          choices={purposes.map(({ code, words }) => ({
            value: code,
            label: <Marked words={words} isNew={isNew(running, 'purposes', code)} />,
          }))}
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
        hint={`${daysWords(running)}, by the practice’s clock. Outside them it is refused.`}
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

function Marked({ words, isNew: isOnTop }: { words: string; isNew: boolean }) {
  return (
    <>
      {words} {isOnTop && <Badge tone="warning">New</Badge>}
    </>
  );
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const daysWords = (running: RunningTerms | undefined): string =>
  running?.hours?.days.map((one) => dayNames[one - 1]).join(', ') ?? 'Monday to Saturday';

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
