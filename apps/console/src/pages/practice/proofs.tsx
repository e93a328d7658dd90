/** All records of the practice with their proofs, to take away and check. */
import { practiceProofs } from '#apps/console/src/api/proofs.js';
import { HowToCheck } from '#apps/console/src/proofs/how-to-check.js';
import { ProofExport } from '#apps/console/src/proofs/proof-export.js';
import { PracticePage, usePracticeId } from './practice-page.js';

const FILE_NAME = 'conduit-proofs.json';

export default function Proofs() {
  return (
    <PracticePage
      title="Proofs"
      lead="Take every record of your practice away with its proof, and have it checked by whomever you trust. The proof of a single act is on its line in Activity."
    >
      <ProofExport
        place={practiceProofs(usePracticeId())}
        fileName={FILE_NAME}
        whose="of your practice"
      />
      <HowToCheck fileName={FILE_NAME} hasServer />
    </PracticePage>
  );
}
