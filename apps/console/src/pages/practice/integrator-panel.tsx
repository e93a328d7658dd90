/** One connected integrator on the overview: what it may, what it did today, and stopping it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ConnectedIntegrator, TodayCounts } from '#libs/console-api/practice.js';
import { pauseAccess, resumeAccess } from '#apps/console/src/api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { PauseAtServers } from './pause-at-servers.js';
import { StateBadge } from './permission-state.js';
import { useIs } from './practice-page.js';

export interface IntegratorPanelProps {
  practiceId: string;
  integrator: ConnectedIntegrator;
  isAllPaused: boolean;
}

export function IntegratorPanel({ practiceId, integrator, isAllPaused }: IntegratorPanelProps) {
  const { integratorId, name, pause, today, permissions } = integrator;
  const isPaused = pause !== undefined;
  return (
    <div className="panel">
      <div className="spread">
        <h3>{name}</h3>
        <span className="cluster">
          {(isPaused || isAllPaused) && <Badge tone="warning">Paused</Badge>}
          <PauseOne {...{ practiceId, integratorId, name, isPaused, isAllPaused }} />
        </span>
      </div>
      {pause && (
        <>
          <p className="quiet">
            Paused since <DateTime value={pause.since} />.
          </p>
          <PauseAtServers pause={pause} />
        </>
      )}
      <Counts today={today} />
      <ul className="panels">
        {permissions.map((permission) => (
          <li key={`${permission.grantId} ${permission.seq}`} className="spread">
            <span className="cluster">
              <StateBadge state={permission.state} />
              <span>
                {permission.sites.map((site) => site.name).join(', ')} · until{' '}
                <DateTime value={permission.expires} precision="day" />
              </span>
            </span>
            <ButtonLink
              to={`/practices/${practiceId}/access/${permission.grantId}`}
              aria-label={`What it may do: ${name} at ${permission.sites.map((site) => site.name).join(', ')}`}
            >
              What it may do
            </ButtonLink>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Counts({ today }: { today: TodayCounts }) {
  const { reads, writes, refused, failed, lastAt } = today;
  if (reads + writes + refused + failed === 0) return <p className="quiet">Nothing today.</p>;
  const shown = (count: number, one: string, many: string) =>
    count > 0 && (
      <span>
        <strong>{count.toLocaleString('en-AU')}</strong> {count === 1 ? one : many}
      </span>
    );
  return (
    <p className="counts">
      {shown(reads, 'read today', 'reads today')}
      {shown(writes, 'change today', 'changes today')}
      {shown(refused, 'refused', 'refused')}
      {shown(failed, 'failed', 'failed')}
      {lastAt !== undefined && (
        <span>
          last <DateTime value={lastAt} />
        </span>
      )}
    </p>
  );
}

interface PauseOneProps {
  practiceId: string;
  integratorId: string;
  name: string;
  isPaused: boolean;
  isAllPaused: boolean;
}

function PauseOne({ practiceId, integratorId, name, isPaused, isAllPaused }: PauseOneProps) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      isPaused ? resumeAccess(practiceId, integratorId) : pauseAccess(practiceId, integratorId),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['practice', practiceId] }),
  });
  if (!useIs('practice-owner', 'practice-manager')) return null;
  // While everything is paused: this one stays so when the rest goes on.
  const [pause, pauseIt] = isAllPaused
    ? ['Keep paused', `Keep paused: ${name}`]
    : ['Pause', `Pause ${name}`];
  return (
    <>
      <Button
        isPending={change.isPending}
        aria-label={isPaused ? `Resume ${name}` : pauseIt}
        onPress={() => change.mutate()}
      >
        {isPaused ? 'Resume' : pause}
      </Button>
      {change.isError && <ProblemNotice error={change.error} />}
    </>
  );
}
