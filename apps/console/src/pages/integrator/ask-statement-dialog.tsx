/** Puts a statement before the practice of one site. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { SubmittedStatement } from '#libs/console-api/statement.js';
import { askStatement } from '#apps/console/src/api/integrator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Select } from '#apps/console/src/ui/select.js';
import { useSites } from './use-integrator.js';

export interface AskStatementDialogProps {
  integratorId: string;
  statement: SubmittedStatement;
  onDone: () => void;
  onClose: () => void;
}

export function AskStatementDialog(props: AskStatementDialogProps) {
  const { integratorId, statement, onDone, onClose } = props;
  const sites = useSites();
  const [siteId, setSiteId] = useState<string | null>(null);
  const asking = useMutation({
    mutationFn: (chosen: string) => askStatement(integratorId, statement.statementId, chosen),
    onSuccess: onDone,
  });
  const askable = (sites.data ?? []).filter(({ standing }) =>
    ['active', 'waiting-for-practice', 'waiting-for-server'].includes(standing),
  );
  const chosen = siteId ?? askable[0]?.siteId;
  return (
    <Dialog title={`Ask a site for “${statement.name}”`} isOpen isAlert onClose={onClose}>
      {askable.length === 0 ? (
        <p>
          No site can be asked now: none is paired, or its practice has ended or declined access.
          Redeem a pairing code first.
        </p>
      ) : (
        <>
          <p>
            Its practice sees the name, what it is for, and the whole text, and decides. What is
            permitted there today stays as it is until then.
          </p>
          <Select
            label="Site"
            options={askable.map((site) => ({ value: site.siteId, label: site.name }))}
            value={chosen ?? null}
            onChange={setSiteId}
          />
        </>
      )}
      {asking.isError && <ProblemNotice error={asking.error} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        {chosen !== undefined && (
          <Button look="main" isPending={asking.isPending} onPress={() => asking.mutate(chosen)}>
            Ask
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
