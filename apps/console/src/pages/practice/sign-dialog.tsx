/** The last step of a decision: the whole document in plain words, then the passkey. */
import { useMutation } from '@tanstack/react-query';
import type {
  DraftedPermission,
  Permission,
  ProposePermissionRequest,
} from '#libs/console-api/practice.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { NoPasskeys } from '#apps/console/src/session/no-passkeys.js';
import { hasPasskeys } from '#apps/console/src/session/passkey-ceremonies.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { CeilingWords } from './permission-state.js';
import { Lines } from './lines.js';
import { signPermission } from './sign-permission.js';

export interface SignDialogProps {
  title: string;
  /** The deed on the button. */
  deed: string;
  isDanger?: boolean;
  practiceId: string;
  draft: DraftedPermission;
  /** What is in force, line by line: the draft takes its place. */
  before?: Permission['lines'] | undefined;
  /** What was chosen, and nothing else, may be signed. Absent: a permission ends. */
  scopes?: readonly string[];
  /** The request that is decided, as this page shows it. */
  answers?: ProposePermissionRequest['answers'];
  onSigned: (permission: Permission) => void;
  onClose: () => void;
}

export function SignDialog(props: SignDialogProps) {
  const { title, deed, isDanger = false, practiceId, draft, scopes, answers, onSigned } = props;
  const { before, onClose } = props;
  const signing = useMutation({
    mutationFn: () => signPermission(practiceId, draft, scopes, answers),
    onSuccess: onSigned,
  });
  return (
    <Dialog title={title} isOpen isAlert onClose={onClose}>
      <Lines lines={draft.lines} before={before} />
      {hasPasskeys() ? (
        <p className="quiet">
          You sign exactly this with your passkey. The practice’s server checks your signature
          itself.
        </p>
      ) : (
        <NoPasskeys />
      )}
      {signing.isError && (
        <div ref={bringIntoView}>
          <DecisionProblem error={signing.error} />
        </div>
      )}
      <DialogActions>
        <Button look="quiet" onPress={onClose} isDisabled={signing.isPending}>
          Back
        </Button>
        <Button
          look={isDanger ? 'danger' : 'main'}
          isPending={signing.isPending}
          isDisabled={!hasPasskeys()}
          onPress={() => signing.mutate()}
        >
          {deed}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** A long permission leaves what went wrong below the edge of the screen. */
const bringIntoView = (notice: HTMLElement | null): void =>
  notice?.scrollIntoView({ block: 'center' });

/** A decision that was refused: where a limit of the server is the cause, what to do there. */
export function DecisionProblem({ error }: { error: Error }) {
  const problem = toProblem(error);
  if (problem.code === 'GRANT_CEILING') {
    return (
      <Notice tone="bad" title="A limit of the practice’s server">
        <CeilingWords reason={problem.reason} />
      </Notice>
    );
  }
  if (problem.code === 'GRANT_CONFLICT') {
    return (
      <Notice tone="bad" title="Somebody else decided in the meantime">
        <p>
          The permission was changed while you were deciding. Nothing of yours was applied. Go back,
          look at how it is now, and decide again.
        </p>
      </Notice>
    );
  }
  if (problem.code === 'APPROVER_NOT_FOUND') {
    return (
      <Notice tone="bad" title="Your passkey can’t approve yet">
        <p>
          The practice’s server has to admit it first. Open the page Approvers: it says what to type
          on the server. It takes a minute, once.
        </p>
      </Notice>
    );
  }
  return <ProblemNotice error={error} />;
}
