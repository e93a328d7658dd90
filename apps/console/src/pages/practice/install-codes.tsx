/** An install code: for a new site, or for one that moves to another machine. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { InstallCode, Service } from '#libs/console-api/practice.js';
import type { ActionText } from '#libs/console-api/session.js';
import { orderInstallCode } from '#apps/console/src/api/practice.js';
import { Problem } from '#apps/console/src/api/request.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const NEW = 'new';

export function InstallCodes({ practiceId, service }: { practiceId: string; service: Service }) {
  const [isAsking, setAsking] = useState(false);
  const [made, setMade] = useState<InstallCode>();
  return (
    <Section
      title="Set up a server"
      lead="An install code lets Conduit on one server join this practice. It works once, for an hour."
    >
      {made ? (
        <MadeCode made={made} />
      ) : (
        <div className="cluster">
          <Button look="main" onPress={() => setAsking(true)}>
            Make an install code
          </Button>
        </div>
      )}
      {service.codes.length > 0 && (
        <ul className="plain-list quiet">
          {service.codes.map((code) => (
            <li key={code.codeId}>
              A code for {code.siteNames.join(', ')} waits until <DateTime value={code.expiresAt} />
              .
            </li>
          ))}
        </ul>
      )}
      {isAsking && (
        <AskCode
          practiceId={practiceId}
          service={service}
          onMade={(code) => {
            setMade(code);
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </Section>
  );
}

function MadeCode({ made }: { made: InstallCode }) {
  const { origin, protocol } = window.location;
  const broker = protocol === 'https:' ? origin : 'https://…';
  return (
    <div className="panel">
      <p>
        On the server, with the settings file of the practice’s databases beside it, type this. It
        is shown only now, and works until <DateTime value={made.expiresAt} />.
      </p>
      <CodeLine
        text={`conduit-agent enrol ${made.code} --broker ${broker} --config agent.json`}
        what="the command"
      />
      <p className="quiet">
        Then start the service, and run <code>conduit-agent doctor</code>: it tries what the
        database logins can’t do.
      </p>
    </div>
  );
}

const incomplete = (): Problem =>
  new Problem({
    status: 400,
    code: 'SITE_INCOMPLETE',
    title: 'The new site needs a name and its site number.',
    remedy: 'Fill in both fields, then confirm again.',
  });

interface AskCodeProps {
  practiceId: string;
  service: Service;
  onMade: (code: InstallCode) => void;
  onClose: () => void;
}

function AskCode({ practiceId, service, onMade, onClose }: AskCodeProps) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(service.sites[0]?.siteId ?? NEW);
  const [name, setName] = useState('');
  const [pmsType, setPmsType] = useState(service.pmsTypes[0]?.pmsType ?? '');
  const [pmsSiteId, setPmsSiteId] = useState('');
  const known = service.sites.find(({ siteId }) => siteId === chosen);
  const site = known ?? { name: name.trim(), pmsType, pmsSiteId: pmsSiteId.trim() };
  const isWhole = site.name !== '' && site.pmsSiteId !== '';
  const action: ActionText = { type: 'enrolment-code.create', practiceId, sites: [{ ...site }] };
  return (
    <StepUpDialog
      title="Make an install code?"
      deed="Make the code"
      action={action}
      act={async (stepUp) => {
        if (!isWhole) throw incomplete();
        const code = await orderInstallCode(practiceId, { sites: [{ ...site }], stepUp });
        await queries.invalidateQueries({ queryKey: ['practice', practiceId, 'service'] });
        onMade(code);
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>Whoever uses it runs Conduit for the practice’s database. Give it to nobody else.</p>
      <Select
        label="For which site?"
        options={[
          ...service.sites.map(({ siteId, name: label }) => ({
            value: siteId,
            label: `${label} (set up again, or on another machine)`,
          })),
          { value: NEW, label: 'A new site' },
        ]}
        value={chosen}
        onChange={setChosen}
      />
      {!known && (
        <>
          <TextField
            label="Name of the site"
            value={name}
            onChange={setName}
            maxLength={200}
            isRequired
          />
          <Select
            label="Practice software"
            options={service.pmsTypes.map(({ pmsType: value, name: label }) => ({ value, label }))}
            value={pmsType}
            onChange={setPmsType}
          />
          <TextField
            label="Its site number"
            hint="As the maker of the practice software gave it."
            value={pmsSiteId}
            onChange={setPmsSiteId}
            maxLength={64}
            isRequired
          />
        </>
      )}
    </StepUpDialog>
  );
}
