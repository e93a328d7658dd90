/** The first page: is everything well, who is connected, what wants a decision. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Navigate } from 'react-router';
import type { ConnectedIntegrator, PracticeOverview } from '#libs/console-api/practice.js';
import { pauseAccess, resumeAccess } from '#apps/console/src/api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { IntegratorPanel } from './integrator-panel.js';
import { OverviewNotices } from './overview-notices.js';
import { PracticePage, useIs, useOverview, usePracticeId } from './practice-page.js';
import { siteState } from './site-words.js';

export default function Overview() {
  const practiceId = usePracticeId();
  const overview = useOverview();
  const mayRead = useIs('practice-owner', 'practice-manager', 'practice-auditor');
  if (!mayRead) return <Navigate to={`/practices/${practiceId}/service`} replace />;
  return (
    <PracticePage
      title="Overview"
      lead="What is connected to your practice, and what it did today."
      actions={overview.data && <PauseAll overview={overview.data} />}
    >
      {overview.isPending && <Loading />}
      {overview.isError && !overview.data && <ProblemNotice error={overview.error} />}
      {overview.data && <Parts overview={overview.data} />}
    </PracticePage>
  );
}

function Parts({ overview }: { overview: PracticeOverview }) {
  return (
    <>
      <OverviewNotices overview={overview} />
      <Section title="Connected software">
        <Connected overview={overview} />
      </Section>
      <Section title="Your server">
        <Sites overview={overview} />
      </Section>
    </>
  );
}

function Connected({ overview }: { overview: PracticeOverview }) {
  const { integrators, practiceId } = overview;
  const mayConnect = useIs('practice-owner', 'practice-manager');
  if (integrators.length === 0) {
    return (
      <Empty
        title="Nothing is connected yet"
        action={
          mayConnect && (
            <ButtonLink look="main" to={`/practices/${practiceId}/connect`}>
              Connect software
            </ButtonLink>
          )
        }
      >
        Make a pairing code and give it to the software that wants to work with your practice. It
        then asks for access, and you decide.
      </Empty>
    );
  }
  return (
    <ul className="panels">
      {integrators.map((integrator: ConnectedIntegrator) => (
        <li key={integrator.integratorId}>
          <IntegratorPanel
            practiceId={practiceId}
            integrator={integrator}
            isAllPaused={overview.pause !== undefined}
          />
        </li>
      ))}
    </ul>
  );
}

function Sites({ overview: { sites, practiceId } }: { overview: PracticeOverview }) {
  const mayService = useIs('practice-owner', 'msp-technician');
  if (sites.length === 0) {
    return (
      <Empty
        title="No server is set up yet"
        action={
          mayService && (
            <ButtonLink look="main" to={`/practices/${practiceId}/service`}>
              Set up the server
            </ButtonLink>
          )
        }
      >
        Your IT provider installs Conduit on the practice’s server with a code from the page Server.
      </Empty>
    );
  }
  return (
    <ul className="panels">
      {sites.map((site) => {
        const { tone, badge, sentence } = siteState(site);
        return (
          <li key={site.siteId} className="panel">
            <div className="spread">
              <h3>{site.name}</h3>
              <Badge tone={tone}>{badge}</Badge>
            </div>
            <p>{sentence}</p>
            <p className="quiet">
              {site.pmsName}
              {site.lastSeenAt !== undefined && (
                <>
                  {' · last heard '}
                  <DateTime value={site.lastSeenAt} />
                </>
              )}
            </p>
          </li>
        );
      })}
    </ul>
  );
}

/** One press to stop, one question before going on. */
function PauseAll({ overview }: { overview: PracticeOverview }) {
  const { practiceId, integrators, pause } = overview;
  const queries = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const isPaused = pause !== undefined;
  const change = useMutation({
    mutationFn: () => (isPaused ? resumeAccess(practiceId) : pauseAccess(practiceId)),
    onSuccess: async () => {
      setAsked(false);
      await queries.invalidateQueries({ queryKey: ['practice', practiceId] });
    },
  });
  if (!useIs('practice-owner', 'practice-manager')) return null;
  if (integrators.length === 0 && !isPaused) return null;
  return (
    <>
      <Button
        look={isPaused ? 'main' : 'danger'}
        isPending={change.isPending}
        onPress={() => (isPaused ? setAsked(true) : change.mutate())}
      >
        {isPaused ? 'Resume' : 'Pause everything'}
      </Button>
      {change.isError && !isAsked && <ProblemNotice error={change.error} />}
      {isAsked && (
        <Dialog title="Resume access?" isOpen onClose={() => setAsked(false)}>
          <p>Software that you approved may work with the practice’s records again.</p>
          {change.isError && <ProblemNotice error={change.error} />}
          <DialogActions>
            <Button look="quiet" onPress={() => setAsked(false)}>
              Cancel
            </Button>
            <Button look="main" isPending={change.isPending} onPress={() => change.mutate()}>
              Resume
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
