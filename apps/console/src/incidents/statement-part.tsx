/** The statement in its four parts: drafted from the records, filled in by people, every version kept. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import {
  GAP,
  MOST_PART_CHARACTERS,
  statementParts,
  type BreachStatement,
} from '#libs/console-api/incidents.js';
import { partWords } from '#libs/console-api/incident-words.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import type { IncidentPartProps } from './use-incident.js';

export function StatementPart(props: IncidentPartProps) {
  const { incident, calls, onChanged } = props;
  const [latest, ...earlier] = incident.statements;
  const mayWrite = incident.mayChange && incident.state !== 'closed';
  const draft = useMutation({
    mutationFn: () => calls.writeStatement(),
    onSuccess: async () => {
      toast('Drafted from what is known');
      await onChanged();
    },
  });
  const drafter = mayWrite && (
    <Button
      look={latest ? 'quiet' : 'main'}
      isPending={draft.isPending}
      onPress={() => draft.mutate()}
    >
      {latest ? 'Draft it anew from the records' : 'Draft it from the records'}
    </Button>
  );
  return (
    <>
      {draft.isError && <ProblemNotice error={draft.error} />}
      {!latest && (
        <Empty title="No statement has been written yet" action={drafter}>
          A draft is made of what is known; what nobody can know from the records is marked for you
          to fill in.
        </Empty>
      )}
      {latest && mayWrite && <Editor key={latest.version} {...props} latest={latest} />}
      {latest && !mayWrite && <Parts statement={latest} />}
      {latest && drafter && (
        <p>
          {drafter} <span className="quiet">It becomes a new version; this one is kept.</span>
        </p>
      )}
      {earlier.length > 0 && (
        <details className="more">
          <summary>Earlier versions</summary>
          <div className="stack">
            {earlier.map((statement) => (
              <Section key={statement.version} title={`Version ${statement.version}`}>
                <Whose statement={statement} />
                <Parts statement={statement} />
              </Section>
            ))}
          </div>
        </details>
      )}
    </>
  );
}

function Whose({ statement: { version, at, byName } }: { statement: BreachStatement }) {
  return (
    <p className="quiet">
      Version {version}, <DateTime value={at} />,{' '}
      {byName === undefined ? 'drafted from the records' : `by ${byName}`}
    </p>
  );
}

function Parts({ statement }: { statement: BreachStatement }) {
  return statementParts.map((part, index) => (
    <div key={part}>
      <h3>
        {index + 1}. {partWords[part]}
      </h3>
      <p className="as-written">{statement.parts[part]}</p>
    </div>
  ));
}

export const gapsIn = (text: string): number => text.match(GAP)?.length ?? 0;

export const gapWords = (gaps: number): string =>
  gaps === 1 ? 'One gap is left' : `${gaps} gaps are left`;

function Editor(props: IncidentPartProps & { latest: BreachStatement }) {
  const { calls, onChanged, latest } = props;
  const [texts, setTexts] = useState(latest.parts);
  const save = useMutation({
    mutationFn: () => calls.writeStatement(texts),
    onSuccess: async () => {
      toast('Saved as a new version');
      await onChanged();
    },
  });
  const isChanged = statementParts.some((part) => texts[part] !== latest.parts[part]);
  const gaps = statementParts.reduce((sum, part) => sum + gapsIn(texts[part]), 0);
  return (
    <div className="stack">
      <Whose statement={latest} />
      {gaps > 0 && (
        <Notice tone="warning" title={gapWords(gaps)}>
          <p>
            Look for <code>[to be filled: …]</code> in the text and write what belongs there.
          </p>
        </Notice>
      )}
      {statementParts.map((part, index) => (
        <TextField
          key={part}
          label={`${index + 1}. ${partWords[part]}`}
          {...(gapsIn(texts[part]) > 0 && { hint: gapWords(gapsIn(texts[part])) })}
          rows={8}
          value={texts[part]}
          onChange={(text) => setTexts({ ...texts, [part]: text })}
          maxLength={MOST_PART_CHARACTERS}
        />
      ))}
      {save.isError && <ProblemNotice error={save.error} />}
      <div className="cluster">
        <Button
          look="main"
          isDisabled={!isChanged}
          isPending={save.isPending}
          onPress={() => save.mutate()}
        >
          Save
        </Button>
      </div>
    </div>
  );
}
