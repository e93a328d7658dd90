/** What was destroyed, by which rule and when: counts and times. */
import type { DestructionView } from '#libs/console-api/retention.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { countWords, kindWords } from './retention-words.js';

export function RegisterTable({ register }: { register: readonly DestructionView[] }) {
  return (
    <Table
      caption="What was destroyed, newest first"
      columns={columns}
      rows={register}
      rowKey={({ planId }) => planId}
      empty={
        <Empty title="Nothing has been destroyed">
          What goes is entered here for good, and in the audit log: kind, count, time and rule.
        </Empty>
      }
    />
  );
}

const columns: Column<DestructionView>[] = [
  {
    key: 'what',
    label: 'What went',
    cell: ({ kind, records, practiceName, integratorName }) => (
      <span className="two-lines">
        <strong>
          {kindWords[kind]}: {countWords(records)}
        </strong>
        {(practiceName ?? integratorName) !== undefined && (
          <span className="quiet">{[practiceName, integratorName].filter(Boolean).join(', ')}</span>
        )}
      </span>
    ),
  },
  {
    key: 'time',
    label: 'Of which time',
    cell: ({ oldest, newest }) => (
      <span>
        <DateTime value={oldest} precision="day" /> to <DateTime value={newest} precision="day" />
      </span>
    ),
  },
  {
    key: 'when',
    label: 'When',
    cell: ({ destroyedAt }) => <DateTime value={destroyedAt} />,
  },
  {
    key: 'why',
    label: 'Why',
    cell: ({ kind, ruleVersion, wasAsked }) => (
      <span className="two-lines">
        <span>{wasAsked ? 'Somebody asked' : 'Its time was over'}</span>
        <code className="quiet">{`${kind}/${ruleVersion}`}</code>
      </span>
    ),
  },
];
