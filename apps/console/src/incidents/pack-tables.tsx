/** Evidence as tables: totals and what is proven first, then by whom and where, then to the finest. */
import type {
  EvidencePack,
  PackAgent,
  PackContent,
  PackMismatch,
  PackSum,
} from '#libs/console-api/incidents.js';
import { verdicts } from '#libs/console-api/incidents.js';
import {
  agentWords,
  countWords,
  mismatchWords,
  verdictWords,
} from '#libs/console-api/incident-words.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import { rowWords, sizeWords } from '#apps/console/src/ui/bucket-words.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { Tabs } from '#apps/console/src/ui/tabs.js';

export interface PackTablesProps {
  pack: EvidencePack;
  content: PackContent;
  names: Readonly<Record<string, string>>;
}

const figure = (value: number): string => value.toLocaleString('en-AU');

export function PackTables({ pack, content, names }: PackTablesProps) {
  const { totals, cut = [], mismatches } = content;
  return (
    <>
      {cut.map(({ words }) => (
        <Notice key={words} tone="warning" title="Not everything was counted">
          {words}
        </Notice>
      ))}
      {totals.queries === 0 && (
        <Notice title="No query fits">
          In that time nothing was asked that has to do with what was chosen. Widen where it looks
          if that is a surprise.
        </Notice>
      )}
      <Facts
        facts={(Object.entries(countWords) as [keyof typeof countWords, string][]).map(
          ([key, label]) => ({ label, value: figure(totals[key]) }),
        )}
      />
      <Proven content={content} names={names} />
      {mismatches.length > 0 && <Mismatches mismatches={mismatches} names={names} />}
      <Section title="By whom, where and what for">
        <Sums content={content} names={names} />
      </Section>
      <Finest pack={pack} content={content} />
    </>
  );
}

function Proven({ content, names }: Pick<PackTablesProps, 'content' | 'names'>) {
  const { totals, agents } = content;
  const rows = verdicts.filter((verdict) => totals.verdicts[verdict] > 0);
  return (
    <Section
      title="What is proven"
      lead={`${figure(totals.brokerProven)} of ${figure(totals.brokerRecords)} records of Conduit’s are proven in its log; ${figure(totals.agentRecords)} come from the practices’ own logs.`}
    >
      {rows.length > 0 && (
        <Table
          caption="Queries by which log has them"
          columns={[
            { key: 'verdict', label: 'Queries', cell: (verdict) => verdictWords[verdict] },
            {
              key: 'count',
              label: 'Number',
              isNumber: true,
              cell: (verdict) => figure(totals.verdicts[verdict]),
            },
          ]}
          rows={rows}
          rowKey={(verdict) => verdict}
        />
      )}
      <ul className="plain-list">
        {agents.map((agent) => (
          <li key={agent.agentId}>
            <strong>{names[agent.practiceId] ?? agent.practiceId}</strong>.{' '}
            {agentWords[agent.state]}
            <UpTo agent={agent} />.
          </li>
        ))}
      </ul>
    </Section>
  );
}

const UpTo = ({ agent: { comparedTo } }: { agent: PackAgent }) =>
  comparedTo !== undefined && (
    <>
      , up to <DateTime value={comparedTo} />
    </>
  );

interface MismatchesProps {
  mismatches: readonly PackMismatch[];
  names: PackTablesProps['names'];
}

const MISMATCHES_SHOWN = 50;

function Mismatches({ mismatches, names }: MismatchesProps) {
  return (
    <Section title="Where the two logs do not agree">
      <ul className="panels">
        {mismatches.slice(0, MISMATCHES_SHOWN).map((one) => (
          <li key={`${one.agentId} ${one.queryId} ${one.kind}`} className="panel">
            <p>
              Query <code>{one.queryId}</code> at {names[one.practiceId] ?? one.practiceId}
              {one.integratorId !== undefined && `, ${names[one.integratorId] ?? one.integratorId}`}
            </p>
            <p>
              {mismatchWords[one.kind]}
              {one.fields.length > 0 && ` They differ in: ${one.fields.join(', ')}.`}
            </p>
          </li>
        ))}
      </ul>
      {mismatches.length > MISMATCHES_SHOWN && (
        <p className="quiet">
          The first {MISMATCHES_SHOWN} of {figure(mismatches.length)}; the export has them all.
        </p>
      )}
    </Section>
  );
}

const ROWS_SHOWN = 100;

function Sums({ content, names }: Pick<PackTablesProps, 'content' | 'names'>) {
  const name = (id: string): string => names[id] ?? id;
  const parts = [
    { id: 'practices', label: 'Practices', rows: content.practices, name },
    { id: 'sites', label: 'Sites', rows: content.sites, name },
    { id: 'integrators', label: 'Software', rows: content.integrators, name },
    { id: 'keys', label: 'Keys', rows: content.keys, name },
    { id: 'purposes', label: 'Purposes', rows: content.purposes, name: purposeText },
    {
      id: 'statements',
      label: 'Statements',
      rows: content.statements,
      name: (id: string) => id,
    },
  ];
  return (
    <Tabs
      label="Queries by"
      parts={parts.map(({ id, label, rows, name: say }) => ({
        id,
        label,
        content: (
          <>
            {id === 'statements' && (
              <p className="quiet">
                By fingerprint: it tells which are the same, not what they say. Only the practice’s
                server can tell that.
              </p>
            )}
            <Table
              caption={`Queries by ${label.toLowerCase()}`}
              columns={sumColumns(label, say)}
              rows={rows.slice(0, ROWS_SHOWN)}
              rowKey={(row) => row.id}
            />
            {rows.length > ROWS_SHOWN && (
              <p className="quiet">
                The first {ROWS_SHOWN} of {figure(rows.length)}; the export has them all.
              </p>
            )}
          </>
        ),
      }))}
    />
  );
}

const sumColumns = (label: string, say: (id: string) => string): Column<PackSum>[] => [
  { key: 'name', label, cell: ({ id }) => say(id) },
  { key: 'asked', label: 'Asked', isNumber: true, cell: ({ counts }) => figure(counts.queries) },
  { key: 'run', label: 'Run', isNumber: true, cell: ({ counts }) => figure(counts.executed) },
  {
    key: 'answered',
    label: 'Answered',
    isNumber: true,
    cell: ({ counts }) => figure(counts.answered),
  },
  {
    key: 'proven',
    label: 'In both logs',
    isNumber: true,
    cell: ({ counts }) => figure(counts.verdicts.both),
  },
];

function Finest({ pack, content }: Pick<PackTablesProps, 'pack' | 'content'>) {
  const { rows, bytes } = content.totals;
  const classes = (counts: Record<string, number>, say: (bucket: string) => string): string =>
    Object.entries(counts)
      .map(([bucket, count]) => `${say(bucket)}: ${figure(count)}`)
      .join('; ') || 'None';
  return (
    <details className="more">
      <summary>Sizes, other acts, and how this is bound to the log</summary>
      <div className="stack">
        <Facts
          facts={[
            { label: 'Answers by rows', value: classes(rows, rowWords) },
            { label: 'Answers by size', value: classes(bytes, sizeWords) },
            {
              label: 'Other acts',
              value:
                content.acts.map(({ type, count }) => `${type}: ${figure(count)}`).join('; ') ||
                'None',
            },
            {
              label: 'Head of Conduit’s log',
              value: `${figure(content.checkpoint.size)} leaves, root ${content.checkpoint.root}`,
            },
            { label: 'Gathered', value: <DateTime value={pack.askedAt} precision="second" /> },
          ]}
        />
        {pack.hash !== undefined && (
          <>
            <p>
              The SHA-256 of the evidence. The same records give the same evidence, to the letter.
            </p>
            <CodeLine text={pack.hash} what="the hash" />
          </>
        )}
      </div>
    </details>
  );
}
