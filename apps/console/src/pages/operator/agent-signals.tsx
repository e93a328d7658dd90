import type { AgentDetail } from '#libs/console-api/operator.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts, type Fact } from '#apps/console/src/ui/facts.js';
import { databaseWords, duration, fromNow } from './agent-words.js';

/** The two signals apart, so that nobody takes one for the other. */
export function AgentSignals({ agent }: { agent: AgentDetail }) {
  return (
    <div className="signals">
      <section className="panel">
        <h3>Control: its link</h3>
        <Facts facts={controlFacts(agent)} />
      </section>
      <section className="panel">
        <h3>Data path: its database</h3>
        <Facts facts={dataFacts(agent)} />
      </section>
    </div>
  );
}

const moment = (at: string | undefined, none: string) => (at ? fromNow(at) : none);

function controlFacts(agent: AgentDetail): Fact[] {
  const { heardAt, linkMs, joinedAt, reconnects, reconnectsSince, clockOffsetMs } = agent;
  const { certificateEndsAt, version } = agent;
  return [
    { label: 'Last heard', value: moment(heardAt, 'Never') },
    { label: 'There and back', value: linkMs === undefined ? 'Not measured' : duration(linkMs) },
    { label: 'Connected', value: moment(joinedAt, 'Never') },
    {
      label: 'Reconnects',
      value: reconnectsSince ? (
        <>
          {reconnects} since <DateTime value={reconnectsSince} />
        </>
      ) : (
        reconnects
      ),
    },
    {
      label: 'Its clock',
      value:
        clockOffsetMs === undefined
          ? 'Not measured'
          : `${Math.abs(clockOffsetMs / 1_000).toFixed(1)} s ${clockOffsetMs < 0 ? 'behind' : 'ahead'}`,
    },
    {
      label: 'Certificate ends',
      value: certificateEndsAt ? (
        <>
          <DateTime value={certificateEndsAt} />, {fromNow(certificateEndsAt)}
        </>
      ) : (
        'Not known'
      ),
    },
    { label: 'Version', value: version ?? 'Not known' },
    { label: 'May be updated', value: agent.updateWindow ?? 'At any time' },
  ];
}

function dataFacts({ database, probedAt, databaseMs, waiting, paused }: AgentDetail): Fact[] {
  return [
    { label: 'Database', value: databaseWords[database ?? 'unknown'] },
    { label: 'Last asked', value: moment(probedAt, 'Never') },
    { label: 'Answered in', value: databaseMs === undefined ? '–' : duration(databaseMs) },
    { label: 'Queries waiting', value: waiting },
    { label: 'Paused there', value: paused ? 'Yes, by the practice' : 'No' },
  ];
}
