/** The sites that the integrator is paired with: how they are, and what is permitted there. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AskedState, PairedSite, SiteStanding } from '#libs/console-api/integrator.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Notice, type Tone } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { AskMoreDialog } from './ask-more-dialog.js';
import { useIntegratorId, useIsAdmin, useSites } from './use-integrator.js';

const REFRESH_MS = 10_000;

export default function Sites() {
  const sites = useSites(useWhileAttended(REFRESH_MS));
  return (
    <Page title="Sites" lead="The practices you are paired with, and what they permit.">
      <Asked query={sites}>
        {(found) =>
          found.length === 0 ? (
            <Empty
              title="No practice is paired yet"
              action={
                <ButtonLink to="../snippets" relative="path" look="main">
                  How to redeem a code
                </ButtonLink>
              }
            >
              Ask a practice for a pairing code, then redeem it through the API.
            </Empty>
          ) : (
            <ul className="panels">
              {found.map((site) => (
                <SiteCard key={site.siteId} site={site} />
              ))}
            </ul>
          )
        }
      </Asked>
    </Page>
  );
}

const availabilities: Record<PairedSite['availability'], { words: string; tone: Tone }> = {
  online: { words: 'Online', tone: 'good' },
  offline: { words: 'Offline', tone: 'warning' },
  unreachable: { words: 'Unreachable', tone: 'bad' },
};

const standings: Record<SiteStanding, { words: string; tone: Tone; next: string }> = {
  active: { words: 'Permitted', tone: 'good', next: '' },
  'waiting-for-practice': {
    words: 'Waiting for the practice',
    tone: 'warning',
    next: 'Its owner sees your request and decides. Until then queries are refused.',
  },
  'waiting-for-server': {
    words: 'Approved, not in force yet',
    tone: 'warning',
    next: 'The practice has approved. It counts once its own server has confirmed it.',
  },
  paused: {
    words: 'Paused by the practice',
    tone: 'warning',
    next: 'Nothing passes until the practice resumes. The permission itself stands.',
  },
  frozen: {
    words: 'Frozen',
    tone: 'bad',
    next: 'Nothing passes while an incident is looked into. You are told what it is about.',
  },
  declined: {
    words: 'Declined',
    tone: 'bad',
    next: 'Talk to the practice. A new pairing code makes a new request.',
  },
  revoked: {
    words: 'Ended by the practice',
    tone: 'bad',
    next: 'Delete what you no longer have a reason to keep. A new pairing code makes a new request.',
  },
  expired: {
    words: 'Expired',
    tone: 'bad',
    next: 'Ask the practice to renew it, or for a new pairing code.',
  },
};

const declineWords: Record<string, string> = {
  unknown: 'The practice doesn’t know you.',
  'not-wanted': 'The practice doesn’t want this.',
  'too-wide': 'You asked for more than the practice wants to give.',
  other: 'The practice gave no reason.',
};

const loads: Record<PairedSite['load'], string> = {
  normal: '',
  asyncPaused: 'Its database is slow: async queries wait.',
  backgroundPaused: 'Its database is slow: registered queries wait.',
};

function SiteCard({ site }: { site: PairedSite }) {
  const { words, tone, next } = standings[site.standing];
  const availability = availabilities[site.availability];
  return (
    <li className="panel">
      <div className="spread">
        <h2>{site.name}</h2>
        <span className="cluster">
          <Badge tone={availability.tone}>{availability.words}</Badge>
          <Badge tone={tone}>{words}</Badge>
        </span>
      </div>
      {next !== '' && <p>{next}</p>}
      {site.declineReason !== undefined && <p>{declineWords[site.declineReason]}</p>}
      {site.load !== 'normal' && <p>{loads[site.load]}</p>}
      <CodeLine text={site.siteId} what={`the site id of ${site.name}`} />
      <Facts
        facts={[
          { label: 'Software', value: `${site.pmsName}, ${site.pmsSiteId}` },
          { label: 'Databases', value: site.catalogues.join(', ') || 'Not known yet' },
          {
            label: 'Last heard',
            value: site.lastSeenAt === undefined ? 'Never' : <DateTime value={site.lastSeenAt} />,
          },
        ]}
      />
      {site.permission && <Permission permission={site.permission} standing={site.standing} />}
      {site.waiting && <Waiting waiting={site.waiting} />}
      {site.standing === 'active' && <AskMore site={site} />}
    </li>
  );
}

function Permission(props: {
  permission: NonNullable<PairedSite['permission']>;
  standing: SiteStanding;
}) {
  const { permission, standing } = props;
  const isOver = standing === 'revoked' || standing === 'expired';
  return (
    <details className="more">
      <summary>{isOver ? 'What was permitted' : 'What is permitted, and its limits'}</summary>
      <Facts facts={factsOf(permission.lines)} />
    </details>
  );
}

/** What the practice has before it. */
function Waiting({ waiting }: { waiting: NonNullable<PairedSite['waiting']> }) {
  const { scopes, catalogues, purposes } = waiting;
  const lines = [
    ...scopes.map(({ words }) => ({ label: 'To do', text: words })),
    ...catalogues.map((name) => ({ label: 'In the databases', text: name })),
    ...purposes.map((code) => ({ label: 'What for', text: purposeText(code) })),
  ];
  return (
    <Notice tone="warning" title="You asked for more, and the practice decides">
      <Facts facts={factsOf(lines)} />
    </Notice>
  );
}

function AskMore({ site }: { site: PairedSite }) {
  const integratorId = useIntegratorId();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  if (!useIsAdmin()) return null;
  const done = ({ state }: AskedState) => {
    setOpen(false);
    toast(state === 'waiting' ? 'The practice was asked' : 'All of it is permitted already');
    void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  };
  return (
    <div className="cluster">
      <Button aria-label={`Ask for more at ${site.name}`} onPress={() => setOpen(true)}>
        Ask for more
      </Button>
      {isOpen && <AskMoreDialog site={site} onDone={done} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Lines of the same label stand together. */
function factsOf(lines: readonly { label: string; text: string }[]) {
  const labels = [...new Set(lines.map(({ label }) => label))];
  return labels.map((label) => ({
    label,
    value: lines
      .filter((line) => line.label === label)
      .map(({ text }) => <div key={text}>{text}</div>),
  }));
}
