/** What one answer's receipt stands for. */
import { useParams } from 'react-router';
import { integratorProofs, readReceipt } from '#apps/console/src/api/proofs.js';
import { ProofView, useProof } from '#apps/console/src/proofs/proof-view.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Page } from '#apps/console/src/ui/page.js';
import { useIntegratorId } from './use-integrator.js';

export default function Receipt() {
  const integratorId = useIntegratorId();
  const { receiptId = '' } = useParams();
  const proof = useProof(['integrator', integratorId, 'receipt', receiptId], () =>
    readReceipt(integratorProofs(integratorId), receiptId),
  );
  return (
    <Page
      title="Receipt"
      lead={<code>{receiptId}</code>}
      actions={
        <ButtonLink to=".." relative="path">
          Another receipt
        </ButtonLink>
      }
    >
      <ProofView proof={proof} />
    </Page>
  );
}
