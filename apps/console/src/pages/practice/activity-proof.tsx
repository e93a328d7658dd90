/** The proof of one line of the practice's activity. */
import { useParams } from 'react-router';
import { practiceProofs, readEntryProof } from '#apps/console/src/api/proofs.js';
import { ProofView, useProof } from '#apps/console/src/proofs/proof-view.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { PracticePage, usePracticeId } from './practice-page.js';

export default function ActivityProof() {
  const practiceId = usePracticeId();
  const { seq = '' } = useParams();
  const proof = useProof(['practice', practiceId, seq], () =>
    readEntryProof(practiceProofs(practiceId), seq),
  );
  return (
    <PracticePage
      title="Proof"
      lead="One act as it is recorded, and what shows that nobody can rewrite it."
      actions={
        <ButtonLink to=".." relative="path">
          All activity
        </ButtonLink>
      }
    >
      <ProofView proof={proof} />
    </PracticePage>
  );
}
