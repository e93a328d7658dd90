/** A statement as a practice reads it: what the company says of it, the text itself, and whether its hash is right. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import type { StatementText } from '#libs/console-api/statement.js';
import { Checkbox } from '#apps/console/src/ui/choices.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { isTextOf } from './sign-permission.js';

/** Undefined while it is computed. */
function useIsTrue({ scope, text }: StatementText): boolean | undefined {
  return useQuery({
    queryKey: ['statement text', scope, text],
    queryFn: () => isTextOf(scope, text),
    staleTime: Infinity,
  }).data;
}

interface StatementCardProps {
  statement: StatementText;
  /** Absent: it is only read. */
  choice?: { isChosen: boolean; isClosed: boolean; onChange: (isChosen: boolean) => void };
}

function StatementCard({ statement, choice }: StatementCardProps) {
  const { scope, name, description, text, changes } = statement;
  const isTrue = useIsTrue(statement);
  const labelId = useId();
  const does = changes ? 'It changes data.' : 'It only reads.';
  return (
    <li className="panel">
      {choice ? (
        <Checkbox
          label={`Run “${name}”`}
          hint={choice.isClosed ? `${does} The practice’s server allows no such statement.` : does}
          isSelected={choice.isChosen}
          isDisabled={choice.isClosed || isTrue !== true}
          onChange={choice.onChange}
        />
      ) : (
        <p>
          <strong>{name}</strong>. {does}
        </p>
      )}
      <p>{description}</p>
      <span id={labelId} className="unseen">
        Text of {name}
      </span>
      <pre className="whole-text" tabIndex={0} role="region" aria-labelledby={labelId}>
        <code>{text}</code>
      </pre>
      {isTrue === false ? (
        <Notice tone="bad" title="This is not the text that would be permitted">
          <p>Don’t approve it. Tell Conduit’s support.</p>
        </Notice>
      ) : (
        <p className="quiet">
          Fingerprint <code>{scope.slice('statement:'.length)}</code>
          {isTrue && ', checked by your browser'}
        </p>
      )}
    </li>
  );
}

export interface StatementChoicesProps {
  statements: readonly StatementText[];
  /** Scopes that are chosen, of every kind. */
  scopes: readonly string[];
  onChange: (scopes: string[]) => void;
  /** Whether the practice's server lets agreed statements change data. */
  mayChange: boolean;
}

/** Nothing is ticked before somebody has read it. */
export function StatementChoices(props: StatementChoicesProps) {
  const { statements, scopes, onChange, mayChange } = props;
  if (statements.length === 0) return null;
  return (
    <fieldset className="statements">
      <legend>It asks to run these statements</legend>
      <p className="field__hint">
        Word for word as they stand here, with values of its own where there is an @. Read each,
        then tick it.
      </p>
      <ul className="panels">
        {statements.map((statement) => (
          <StatementCard
            key={statement.scope}
            statement={statement}
            choice={{
              isChosen: scopes.includes(statement.scope),
              isClosed: statement.changes && !mayChange,
              onChange: (isChosen) => {
                const others = scopes.filter((scope) => scope !== statement.scope);
                onChange(isChosen ? [...others, statement.scope] : others);
              },
            }}
          />
        ))}
      </ul>
    </fieldset>
  );
}

export function StatementTexts({ statements }: { statements: readonly StatementText[] }) {
  if (statements.length === 0) return null;
  return (
    <Section
      title="Statements it may run"
      lead="Word for word; the server refuses every other text."
    >
      <ul className="panels">
        {statements.map((statement) => (
          <StatementCard key={statement.scope} statement={statement} />
        ))}
      </ul>
    </Section>
  );
}
