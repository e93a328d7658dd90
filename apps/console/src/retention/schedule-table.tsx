/** The schedule: each kind of record, how long it is kept and why, and what goes next. */
import type { OtherRecords, RetentionRuleView } from '#libs/console-api/retention.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Section } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { countWords, daysWords, kindWords } from './retention-words.js';

export interface ScheduleProps {
  rules: readonly RetentionRuleView[];
  swept: readonly OtherRecords[];
  kept: readonly OtherRecords[];
  /** Absent: the person only reads. */
  onUndo?: (rule: RetentionRuleView) => void;
  onLonger?: (rule: RetentionRuleView) => void;
}

export function Schedule({ rules, swept, kept, onUndo, onLonger }: ScheduleProps) {
  return (
    <>
      <Table
        caption="How long each kind of record is kept"
        columns={[...ruleColumns, ...(onUndo || onLonger ? [acts(onUndo, onLonger)] : [])]}
        rows={rules}
        rowKey={({ kind }) => kind}
      />
      <Section title="Goes by itself" lead="Worth nothing to anybody once it is over.">
        <Others caption="What goes by itself" rows={swept} />
      </Section>
      <Section title="Stays, or is kept elsewhere">
        <Others caption="What stays" rows={kept} />
      </Section>
    </>
  );
}

const ruleColumns: Column<RetentionRuleView>[] = [
  {
    key: 'what',
    label: 'What',
    cell: ({ kind, what, basis }) => (
      <span className="two-lines">
        <strong>{kindWords[kind]}</strong>
        <span>{what}.</span>
        <span className="quiet">{basis}</span>
      </span>
    ),
  },
  {
    key: 'period',
    label: 'How long',
    cell: ({ days, ownDays, from, action }) => (
      <span className="two-lines">
        <span>
          {daysWords(ownDays ?? days)} after {from}
        </span>
        {action === 'name-erased' && <span className="quiet">Then the name is erased.</span>}
        {ownDays !== undefined && (
          <span>
            <Badge>Your choice</Badge>
          </span>
        )}
      </span>
    ),
  },
  {
    key: 'next',
    label: 'Goes next',
    cell: ({ next }) =>
      next === undefined ? (
        <span className="quiet">Nothing is planned</span>
      ) : (
        <span className="two-lines">
          <span>
            {countWords(next.records)} on <DateTime value={next.executeAfter} precision="day" />
          </span>
          {next.newest !== undefined && (
            <span className="quiet">
              up to <DateTime value={next.newest} precision="day" />
            </span>
          )}
        </span>
      ),
  },
];

const acts = (
  onUndo: ScheduleProps['onUndo'],
  onLonger: ScheduleProps['onLonger'],
): Column<RetentionRuleView> => ({
  ...actsColumn,
  cell: (rule) => (
    <span className="cluster table__acts">
      {rule.next && onUndo && (
        <Button aria-label={`Undo: ${kindWords[rule.kind]}`} onPress={() => onUndo(rule)}>
          Undo
        </Button>
      )}
      {rule.longestDays !== undefined && onLonger && (
        <Button
          look="quiet"
          aria-label={`Keep longer: ${kindWords[rule.kind]}`}
          onPress={() => onLonger(rule)}
        >
          Keep longer
        </Button>
      )}
    </span>
  ),
});

function Others({ caption, rows }: { caption: string; rows: readonly OtherRecords[] }) {
  return <Table caption={caption} columns={otherColumns} rows={rows} rowKey={({ what }) => what} />;
}

const otherColumns: Column<OtherRecords>[] = [
  {
    key: 'what',
    label: 'What',
    cell: ({ what, why }) => (
      <span className="two-lines">
        <span>{what}</span>
        <span className="quiet">{why}</span>
      </span>
    ),
  },
  { key: 'howLong', label: 'How long', cell: ({ howLong }) => howLong },
];
