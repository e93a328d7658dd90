/** The proof of one line of the integrator's activity. */
import { useParams } from 'react-router';
import { integratorProofs, readEntryProof } from '#apps/console/src/api/proofs.js';
import { ProofView, useProof } from '#apps/console/src/proofs/proof-view.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Page } from '#apps/console/src/ui/page.js';
import { useIntegratorId } from './use-integrator.js';

export default function ActivityProof() {
  const integratorId = useIntegratorId();
  const { seq = '' } = useParams();
  const proof = useProof(['integrator', integratorId, seq], () =>
    readEntryProof(integratorProofs(integratorId), seq),
  );
  return (
    <Page
      title="Proof"
      lead="One act as it is recorded, and what shows that nobody can rewrite it."
      actions={
        <ButtonLink to=".." relative="path">
          All activity
        </ButtonLink>
      }
    >
      <ProofView proof={proof} />
    </Page>
  );
}
