/** What was recorded of an answer, by its receipt; and all records with their proofs, to take away. */
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import { useNavigate } from 'react-router';
import { integratorProofs } from '#apps/console/src/api/proofs.js';
import { HowToCheck } from '#apps/console/src/proofs/how-to-check.js';
import { ProofExport } from '#apps/console/src/proofs/proof-export.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

const FILE_NAME = 'conduit-proofs.json';

export default function Proofs() {
  const integratorId = useIntegratorId();
  return (
    <Page
      title="Proofs"
      lead="Every answer names a receipt. With it you can prove what was recorded of it, to anybody and for good."
    >
      <FindReceipt />
      {useIsAdmin() && (
        <>
          <Section
            title="All your records"
            lead="What you did, what practices decided about you, and what your people did here, each with its proof."
          >
            <ProofExport
              place={integratorProofs(integratorId)}
              fileName={FILE_NAME}
              whose="of your company"
            />
          </Section>
          <HowToCheck fileName={FILE_NAME} />
        </>
      )}
    </Page>
  );
}

/** A query's id, with the number of the run where it goes by a timetable. */
const RECEIPT = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}(\.\d{1,16})?$/;

function FindReceipt() {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  const find = (event: FormEvent) => {
    event.preventDefault();
    const receipt = text.trim().toLowerCase();
    if (RECEIPT.test(receipt)) void navigate(receipt);
    else setWrong(true);
  };
  return (
    <Form className="stack" onSubmit={find}>
      <TextField
        label="Receipt"
        hint="From the answer’s header Conduit-Receipt, or the field receipt of an error."
        isCode
        value={text}
        onChange={(typed) => {
          setText(typed);
          setWrong(false);
        }}
        maxLength={100}
        autoComplete="off"
        {...(isWrong && { error: 'A receipt looks like 01890a5d-ac96-774b-bcce-b302099a8057.' })}
      />
      <div className="cluster">
        <Button look="main" type="submit" isDisabled={text.trim() === ''}>
          Find it
        </Button>
      </div>
    </Form>
  );
}
