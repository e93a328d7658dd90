/** A pairing code: made here, given to the company by whatever way the practice likes, used once. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { MadePairingCode, PracticeSite } from '#libs/console-api/practice.js';
import { makePairingCode, readPairingCodes } from '#apps/console/src/api/practice.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { CopyButton } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { QrCode } from '#apps/console/src/ui/qr-code.js';
import { Select } from '#apps/console/src/ui/select.js';
import { PracticePage, useOverview, usePracticeId } from './practice-page.js';

export default function Connect() {
  const overview = useOverview();
  return (
    <PracticePage
      title="Connect software"
      lead="Make a pairing code and give it to the company whose software you want to use. The code alone shares nothing: they ask, and you decide."
    >
      {overview.isPending && <Loading />}
      {overview.isError && !overview.data && <ProblemNotice error={overview.error} />}
      {overview.data &&
        (overview.data.sites.length === 0 ? (
          <Empty title="No server is set up yet">
            Your IT provider first installs Conduit on the practice’s server.
          </Empty>
        ) : (
          <MakeCode sites={overview.data.sites} />
        ))}
    </PracticePage>
  );
}

function MakeCode({ sites }: { sites: PracticeSite[] }) {
  const practiceId = usePracticeId();
  const queries = useQueryClient();
  const [siteId, setSiteId] = useState(sites[0]?.siteId ?? '');
  const making = useMutation({
    mutationFn: () => makePairingCode(practiceId, siteId),
    onSuccess: () =>
      queries.invalidateQueries({ queryKey: ['practice', practiceId, 'codes', siteId] }),
  });
  if (making.data) return <MadeCode made={making.data} onAnother={() => making.reset()} />;
  return (
    <>
      <div className="stack">
        {sites.length > 1 && (
          <Select
            label="For which site?"
            options={sites.map((site) => ({ value: site.siteId, label: site.name }))}
            value={siteId}
            onChange={setSiteId}
          />
        )}
        <div className="cluster">
          <Button look="main" isPending={making.isPending} onPress={() => making.mutate()}>
            Make a pairing code
          </Button>
        </div>
        {making.isError && <ProblemNotice error={making.error} />}
      </div>
      <WaitingCodes practiceId={practiceId} siteId={siteId} />
    </>
  );
}

function MadeCode({ made, onAnother }: { made: MadePairingCode; onAnother: () => void }) {
  const practiceId = usePracticeId();
  return (
    <Section
      title="Give this code to the company"
      lead="Read it out, copy it, or let them scan it. It is shown only now; if it is lost, make another."
    >
      <div className="panel">
        <p className="pairing-code" data-testid="pairing-code">
          {made.code}
        </p>
        <div className="cluster">
          <CopyButton text={made.code} what="the pairing code" />
        </div>
        <QrCode text={made.code} label="The pairing code as a QR code" />
        <p>They are asked for these too:</p>
        <Facts
          facts={[
            { label: 'Practice software', value: made.pmsName },
            { label: 'Its site number', value: made.pmsSiteId },
            { label: 'Works until', value: <DateTime value={made.expiresAt} /> },
          ]}
        />
        <p className="quiet">It works once, for {made.siteName}.</p>
      </div>
      <p>When they have used it, their request shows up under Requests.</p>
      <div className="cluster">
        <ButtonLink look="main" to={`/practices/${practiceId}/requests`}>
          Go to the requests
        </ButtonLink>
        <Button onPress={onAnother}>Make another</Button>
      </div>
    </Section>
  );
}

function WaitingCodes({ practiceId, siteId }: { practiceId: string; siteId: string }) {
  const codes = useQuery({
    queryKey: ['practice', practiceId, 'codes', siteId],
    queryFn: () => readPairingCodes(practiceId, siteId),
  });
  if (!codes.data || codes.data.length === 0) return null;
  return (
    <Section title="Codes that nobody has used yet">
      <ul className="panels">
        {codes.data.map((code) => (
          <li key={`${code.begins} ${code.createdAt}`}>
            <code>{code.begins}…</code> made <DateTime value={code.createdAt} />, works until{' '}
            <DateTime value={code.expiresAt} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
