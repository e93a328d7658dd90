/** How much was asked and what became of it, by day and by site. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { UsageOfSite, UsageReport } from '#libs/console-api/integrator.js';
import { readUsage } from '#apps/console/src/api/integrator.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Chart } from '#apps/console/src/ui/chart.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { useIntegratorId } from './use-integrator.js';

const REFRESH_MS = 10_000;

const spans = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
];

export default function Usage() {
  const integratorId = useIntegratorId();
  const [days, setDays] = useState('30');
  const usage = useQuery({
    queryKey: ['integrator', integratorId, 'usage', days],
    queryFn: () => readUsage(integratorId, Number(days)),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  return (
    <Page
      title="Usage"
      lead="What you asked, and what became of it. Days are UTC; the last few seconds may be missing."
      actions={
        <Select label="Over" isLabelHidden options={spans} value={days} onChange={setDays} />
      }
      wide
    >
      {usage.isPending && <Loading />}
      {usage.isError && <ProblemNotice error={usage.error} />}
      {usage.data && <Report report={usage.data} />}
    </Page>
  );
}

const day = new Intl.DateTimeFormat('en-AU', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function Report({ report }: { report: UsageReport }) {
  if (report.sites.length === 0) {
    return (
      <Empty
        title="Nothing was asked in these days"
        action={
          <ButtonLink to="../snippets" relative="path" look="main">
            Copy a snippet
          </ButtonLink>
        }
      >
        The first query shows up here within a minute.
      </Empty>
    );
  }
  const points = report.days.map(({ day: date, ...sums }) => ({
    x: day.format(new Date(date)),
    ...sums,
    other: sums.cancelled + sums.expired + sums.lost,
  }));
  return (
    <>
      <Section title="Queries a day">
        <Chart
          caption="Queries a day, by how they were asked"
          kind="bar"
          points={points}
          series={[
            { key: 'immediate', label: 'Immediate' },
            { key: 'async', label: 'Async' },
            { key: 'registered', label: 'Registered runs' },
          ]}
        />
      </Section>
      <Section
        title="What did not succeed"
        lead="Refused: by a permission or a limit, before anything ran. Failed: at the database."
      >
        <Chart
          caption="Queries a day that did not succeed"
          kind="bar"
          points={points}
          series={[
            { key: 'refused', label: 'Refused' },
            { key: 'failed', label: 'Failed' },
            { key: 'other', label: 'Cancelled, expired or cut off' },
          ]}
        />
      </Section>
      <Section title="By site">
        <Table
          caption="Use by site"
          columns={siteColumns}
          rows={report.sites}
          rowKey={({ siteId }) => siteId}
          isDense
        />
      </Section>
    </>
  );
}

const count = (value: number): string => value.toLocaleString('en-AU');
const MEGABYTE = 1_048_576;

const number = (key: string, label: string, of: (site: UsageOfSite) => string) => ({
  key,
  label,
  isNumber: true,
  cell: of,
});

const siteColumns: Column<UsageOfSite>[] = [
  {
    key: 'site',
    label: 'Site',
    cell: ({ name, siteId }) => <strong>{name ?? siteId}</strong>,
  },
  number('queries', 'Queries', ({ queries }) => count(queries)),
  number('successful', 'Successful', ({ successful }) => count(successful)),
  number('refused', 'Refused', ({ refused }) => count(refused)),
  number('failed', 'Failed', ({ failed }) => count(failed)),
  number('other', 'Other', (site) => count(site.cancelled + site.expired + site.lost)),
  number('mean', 'Mean time', ({ meanMs }) => `${count(meanMs)} ms`),
  number('sql', 'At the database', ({ meanSqlMs }) => `${count(meanSqlMs)} ms`),
  number('bytes', 'Results', ({ resultBytes }) => `${(resultBytes / MEGABYTE).toFixed(1)} MB`),
];
