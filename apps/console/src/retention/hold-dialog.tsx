/** Placing a hold; and, once it is placed, what it stops and what had gone before. */
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import {
  MOST_HOLD_REASON_CHARACTERS,
  retentionKinds,
  type HoldTerms,
  type PlacedHold,
  type RetentionKind,
} from '#libs/console-api/retention.js';
import type { ActionText } from '#libs/console-api/session.js';
import { startOfDateMs } from '#libs/kernel/local-day.js';
import { Problem } from '#apps/console/src/api/request.js';
import { placeHold, retentionKey, type RetentionPlace } from '#apps/console/src/api/retention.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { countWords, kindWords } from './retention-words.js';

const ALL = 'all';

export interface HoldDialogProps {
  place: RetentionPlace;
  /** Whose days they are. */
  timeZone: string;
  /** Whose records, or which of them: chosen above the rest. */
  children?: ReactNode;
  /** What was chosen there; undefined: something is missing. */
  whose: Pick<HoldTerms, 'practiceId' | 'integratorId' | 'siteId'> | undefined;
  onPlaced: (placed: PlacedHold) => void;
  onClose: () => void;
}

export function HoldDialog(props: HoldDialogProps) {
  const { place, timeZone, children, whose, onPlaced, onClose } = props;
  const queries = useQueryClient();
  const [kind, setKind] = useState(ALL);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const moment = (day: string, laterDays: number): string | undefined => {
    const ms = startOfDateMs(day, timeZone, laterDays);
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };
  const [begins, ends] = [moment(from, 0), moment(to, 1)];
  const terms: HoldTerms = {
    ...whose,
    ...(kind !== ALL && { kind: kind as RetentionKind }),
    ...(begins !== undefined && { from: begins }),
    ...(ends !== undefined && { to: ends }),
    reason: reason.trim(),
  };
  return (
    <StepUpDialog
      title="Place a hold"
      deed="Place the hold"
      action={{ type: 'hold.place', ...place, ...terms } as ActionText}
      act={async (stepUp) => {
        if (whose === undefined || terms.reason === '') throw incomplete();
        onPlaced(await placeHold(place, { ...terms, stepUp }));
      }}
      onDone={() => void queries.invalidateQueries({ queryKey: retentionKey(place) })}
      onClose={onClose}
    >
      <p>
        Nothing of what it reaches is destroyed until it is lifted, however long ago it was due.
      </p>
      {children}
      <Select
        label="What is held?"
        options={[
          { value: ALL, label: 'All records' },
          ...retentionKinds.map((value) => ({ value, label: kindWords[value] })),
        ]}
        value={kind}
        onChange={setKind}
      />
      <div className="cluster">
        <TextField label="From (if not all)" type="date" value={from} onChange={setFrom} />
        <TextField label="To the end of" type="date" value={to} onChange={setTo} />
      </div>
      <TextField
        label="Why"
        hint="For your own side alone. No patient’s name, no numbers of people."
        rows={2}
        value={reason}
        onChange={setReason}
        maxLength={MOST_HOLD_REASON_CHARACTERS}
        isRequired
      />
    </StepUpDialog>
  );
}

const incomplete = (): Problem =>
  new Problem({
    status: 400,
    code: 'HOLD_INCOMPLETE',
    title: 'The hold needs a reason, and somebody whose records it holds.',
    remedy: 'Fill in what is missing, then confirm again.',
  });

/** What the broker answered to a hold. */
export function PlacedNotice({ placed: { stops, gone } }: { placed: PlacedHold }) {
  return (
    <Notice tone={gone.length > 0 ? 'warning' : 'good'} title="The hold is in force">
      {stops.length === 0 ? (
        <p>Nothing it reaches was planned to go.</p>
      ) : (
        <ul>
          {stops.map(({ kind, records, executeAfter }) => (
            <li key={kind}>
              Stays: {kindWords[kind]}, {countWords(records)} that would have gone on{' '}
              <DateTime value={executeAfter} precision="day" />.
            </li>
          ))}
        </ul>
      )}
      {gone.length > 0 && (
        <ul>
          {gone.map(({ planId, kind, records, oldest, newest, destroyedAt }) => (
            <li key={planId}>
              Gone already: {kindWords[kind]}, {countWords(records)} from{' '}
              <DateTime value={oldest} precision="day" /> to{' '}
              <DateTime value={newest} precision="day" />, destroyed on{' '}
              <DateTime value={destroyedAt} precision="day" />. No hold brings them back.
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
