/** Where the integrator stands: what is next until the first query has run, then how it goes. */
import type { ReactNode } from 'react';
import type { IntegratorHome } from '#libs/console-api/integrator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { fieldWords } from './field-words.js';
import { useHome } from './use-integrator.js';

export default function Overview() {
  const home = useHome();
  return (
    <Page title="Overview" lead="Your keys, the practices you are paired with, and how it goes.">
      {home.isPending && <Loading />}
      {home.isError && <ProblemNotice error={home.error} />}
      {home.data && <Standing home={home.data} />}
    </Page>
  );
}

function Standing({ home }: { home: IntegratorHome }) {
  const steps = stepsOf(home);
  const next = steps.find(({ isDone }) => !isDone);
  return (
    <>
      <Reminders home={home} />
      <Figures home={home} />
      {next && (
        <Section title="Getting started" lead={`Next: ${next.title}.`}>
          <ol className="panels">
            {steps.map((step) => (
              <StepCard key={step.title} step={step} isNext={step === next} />
            ))}
          </ol>
        </Section>
      )}
      {!next && (
        <Section title="What you can do">
          <div className="cluster">
            <ButtonLink to="usage" look="main">
              See usage
            </ButtonLink>
            <ButtonLink to="sites">See sites</ButtonLink>
            <ButtonLink to="snippets">Copy a snippet</ButtonLink>
          </div>
        </Section>
      )}
    </>
  );
}

function Reminders({ home }: { home: IntegratorHome }) {
  return (
    <>
      {home.keyEndsAt !== undefined && (
        <Notice
          tone="warning"
          title="A key expires soon"
          action={<ButtonLink to="keys">Replace it</ButtonLink>}
        >
          <p>
            It stops working on <DateTime value={home.keyEndsAt} />.
          </p>
        </Notice>
      )}
      {home.permissionEndsAt !== undefined && (
        <Notice
          tone="warning"
          title="A permission expires soon"
          action={<ButtonLink to="sites">See which</ButtonLink>}
        >
          <p>
            It ends on <DateTime value={home.permissionEndsAt} />. Ask the practice to renew it.
          </p>
        </Notice>
      )}
      {home.failingWebhooks > 0 && (
        <Notice
          tone="bad"
          title="A webhook endpoint doesn’t answer"
          action={<ButtonLink to="webhooks">See its log</ButtonLink>}
        >
          <p>After five days of failures nothing more is sent to it.</p>
        </Notice>
      )}
    </>
  );
}

const count = (value: number): string => value.toLocaleString('en-AU');

function Figures({ home }: { home: IntegratorHome }) {
  const figures = [
    ['Sites permitted', `${count(home.sites.permitted)} of ${count(home.sites.paired)}`],
    ['Sites online', count(home.sites.online)],
    ['Live keys', count(home.keys)],
    ['Queries in 7 days', count(home.queries)],
    ['Of them failed', count(home.failedQueries)],
  ] as const;
  return (
    <ul className="figures" aria-label="In figures">
      {figures.map(([label, value]) => (
        <li key={label} className="figure">
          <strong>{value}</strong>
          <span className="quiet">{label}</span>
        </li>
      ))}
    </ul>
  );
}

interface Step {
  title: string;
  words: ReactNode;
  isDone: boolean;
  act: { to: string; label: string };
}

function stepsOf(home: IntegratorHome): Step[] {
  return [
    {
      title: 'Say who you are',
      words:
        home.missing.length === 0
          ? 'Practices see your whole declaration before they decide.'
          : `Practices decide by what you declare. Missing: ${home.missing.map((field) => fieldWords[field]).join(', ')}.`,
      isDone: home.missing.length === 0,
      act: { to: 'profile', label: 'Complete the profile' },
    },
    {
      title: 'Make an API key',
      words: 'Your software sends it with every call. It is shown once.',
      isDone: home.keys > 0,
      act: { to: 'keys', label: 'Make a key' },
    },
    {
      title: 'Pair with a practice',
      words: 'The practice makes a pairing code in its console; your software redeems it.',
      isDone: home.sites.paired > 0,
      act: { to: 'snippets', label: 'How to redeem a code' },
    },
    {
      title: 'Wait for the practice to approve',
      words:
        home.sites.waiting > 0
          ? 'Your request is with the practice. Its owner approves or declines.'
          : 'What it approves is checked on its own server, for every query.',
      isDone: home.sites.permitted > 0,
      act: { to: 'sites', label: 'See sites' },
    },
    {
      title: 'Run a first query',
      words: 'Copy a snippet, put in your key and run it.',
      isDone: home.queries > 0,
      act: { to: 'snippets', label: 'Copy a snippet' },
    },
  ];
}

function StepCard({ step, isNext }: { step: Step; isNext: boolean }) {
  const { title, words, isDone, act } = step;
  return (
    <li className={isNext ? 'panel panel--next' : 'panel'}>
      <div className="spread">
        <h3>{title}</h3>
        {isDone ? <Badge tone="good">Done</Badge> : isNext && <Badge>Next</Badge>}
      </div>
      <p>{words}</p>
      {!isDone && (
        <div>
          <ButtonLink to={act.to} look={isNext ? 'main' : 'plain'}>
            {act.label}
          </ButtonLink>
        </div>
      )}
    </li>
  );
}
