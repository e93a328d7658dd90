/** A one-time code for an agent: of a new site, or of one whose server is replaced. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OrderedEnrolmentCode, PracticeFile } from '#libs/console-api/operator.js';
import type { ActionValue } from '#libs/console-api/session.js';
import { orderCode } from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Checkbox } from '#apps/console/src/ui/choices.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { pmsTypes } from './pms-words.js';

const NEW = 'new';

type EnrolledSite = Parameters<typeof orderCode>[1]['sites'][number];

export function EnrolmentDialog(props: { practice: PracticeFile; onClose: () => void }) {
  const { practice, onClose } = props;
  const queries = useQueryClient();
  const [made, setMade] = useState<OrderedEnrolmentCode>();
  const [which, setWhich] = useState(NEW);
  const [name, setName] = useState('');
  const [pmsType, setPmsType] = useState('BestPractice');
  const [pmsSiteId, setPmsSiteId] = useState('');
  const [isSandbox, setSandbox] = useState(false);
  if (made) return <MadeCode made={made} onClose={onClose} />;
  const known = practice.siteList.find(({ siteId }) => siteId === which);
  const site: EnrolledSite = known
    ? {
        siteId: known.siteId,
        name: known.name,
        pmsType: known.pmsType,
        pmsSiteId: known.pmsSiteId,
      }
    : {
        ...{ name: name.trim(), pmsType, pmsSiteId: pmsSiteId.trim() },
        ...(isSandbox && { isSandbox }),
      };
  const { practiceId } = practice;
  const order = async (stepUp: Parameters<typeof orderCode>[1]['stepUp']) =>
    setMade(await orderCode(practiceId, { sites: [site], stepUp }));
  return (
    <StepUpDialog
      title="Make an enrolment code"
      deed="Make the code"
      action={{ type: 'enrolment-code.create', practiceId, sites: [{ ...site }] as ActionValue }}
      act={order}
      onDone={() => void queries.invalidateQueries({ queryKey: ['operator', 'practice'] })}
      onClose={onClose}
    >
      <p>It works once, for an hour. Whoever has it can set up Conduit on one server.</p>
      {practice.siteList.length > 0 && (
        <Select
          label="For"
          options={[
            { value: NEW, label: 'A new site' },
            ...practice.siteList.map(({ siteId, name: label }) => ({ value: siteId, label })),
          ]}
          value={which}
          onChange={setWhich}
        />
      )}
      {!known && (
        <>
          <TextField label="Name of the site" value={name} onChange={setName} maxLength={200} />
          <Select
            label="Practice software"
            options={pmsTypes}
            value={pmsType}
            onChange={setPmsType}
          />
          <TextField
            label="Its id at the software’s vendor"
            value={pmsSiteId}
            onChange={setPmsSiteId}
            maxLength={64}
          />
          <Checkbox
            label="A sandbox: its patients are made up"
            hint="For integrators to try things. It can’t be changed later, and no practice’s own site may be one."
            isSelected={isSandbox}
            onChange={setSandbox}
          />
        </>
      )}
    </StepUpDialog>
  );
}

function MadeCode({ made, onClose }: { made: OrderedEnrolmentCode; onClose: () => void }) {
  return (
    <Dialog title="The enrolment code" isOpen>
      <div className="stack">
        <p>
          Give it to whoever sets up the server, by telephone or in person. It is shown once and
          ends <DateTime value={made.expiresAt} />.
        </p>
        <CodeLine text={made.code} what="the enrolment code" />
      </div>
      <DialogActions>
        <Button look="main" onPress={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
