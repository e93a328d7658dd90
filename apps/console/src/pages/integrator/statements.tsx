/** Statements for practices to agree to word for word: submitting one, asking a site for it, taking it back. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { StatementStanding, SubmittedStatement } from '#libs/console-api/statement.js';
import { readStatements, withdrawStatement } from '#apps/console/src/api/integrator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CopyButton } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { ProblemNotice, type Tone } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { AskStatementDialog } from './ask-statement-dialog.js';
import { SubmitStatementDialog } from './submit-statement-dialog.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

type Act = { act: 'submit' } | { act: 'ask' | 'withdraw'; statement: SubmittedStatement };

export default function Statements() {
  const integratorId = useIntegratorId();
  const isAdmin = useIsAdmin();
  const queries = useQueryClient();
  const statements = useQuery({
    queryKey: ['integrator', integratorId, 'statements'],
    queryFn: () => readStatements(integratorId),
  });
  const [act, setAct] = useState<Act>();
  const close = () => setAct(undefined);
  const done = (words: string) => {
    close();
    toast(words);
    void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  };
  const submit = (
    <Button look="main" onPress={() => setAct({ act: 'submit' })}>
      Submit a statement
    </Button>
  );
  return (
    <Page
      title="Statements"
      lead="A practice that doesn’t permit queries of your own can agree to single statements, word for word."
      actions={submit}
    >
      <Asked query={statements}>
        {({ statements: found }) =>
          found.length === 0 ? (
            <Empty title="No statement yet" action={submit}>
              Submit one, then ask a site for it. Its practice reads the text before it decides.
            </Empty>
          ) : (
            <ul className="panels">
              {found.map((statement) => (
                <StatementCard
                  key={statement.statementId}
                  statement={statement}
                  {...(isAdmin && { onAsk: setAct })}
                />
              ))}
            </ul>
          )
        }
      </Asked>
      {act?.act === 'submit' && (
        <SubmitStatementDialog
          integratorId={integratorId}
          onDone={() => done('The statement was submitted')}
          onClose={close}
        />
      )}
      {act?.act === 'ask' && (
        <AskStatementDialog
          integratorId={integratorId}
          statement={act.statement}
          onDone={() => done('The practice was asked')}
          onClose={close}
        />
      )}
      {act?.act === 'withdraw' && (
        <Withdraw
          integratorId={integratorId}
          statement={act.statement}
          onDone={() => done('The statement was taken back')}
          onClose={close}
        />
      )}
    </Page>
  );
}

const standings: Record<StatementStanding, { words: string; tone: Tone }> = {
  waiting: { words: 'Waiting for the practice', tone: 'warning' },
  permitted: { words: 'Permitted', tone: 'good' },
  'not-permitted': { words: 'Not permitted', tone: 'bad' },
};

interface StatementCardProps {
  statement: SubmittedStatement;
  /** Absent: this person may only read. */
  onAsk?: (act: Act) => void;
}

function StatementCard({ statement, onAsk }: StatementCardProps) {
  const { name, description, text, changes, scope, sites, createdAt, createdByName } = statement;
  return (
    <li className="panel">
      <div className="spread">
        <h2>{name}</h2>
        <Badge tone={changes ? 'warning' : 'plain'}>{changes ? 'Changes data' : 'Reads'}</Badge>
      </div>
      <p>{description}</p>
      <div className="snippet">
        <div className="spread">
          <span className="quiet">Send exactly this</span>
          <CopyButton text={text} what={`the text of ${name}`} />
        </div>
        <pre tabIndex={0} role="region" aria-label={`Text of ${name}`}>
          <code>{text}</code>
        </pre>
      </div>
      <p className="quiet">
        Fingerprint <code>{scope.slice('statement:'.length)}</code>
      </p>
      <p className="quiet">
        Submitted <DateTime value={createdAt} />
        {createdByName !== undefined && ` by ${createdByName}`}
      </p>
      {sites.length > 0 && (
        <ul className="panels">
          {sites.map(({ siteId, name: siteName, standing }) => (
            <li key={siteId} className="cluster">
              {siteName} <Badge tone={standings[standing].tone}>{standings[standing].words}</Badge>
            </li>
          ))}
        </ul>
      )}
      {onAsk && (
        <div className="cluster">
          <Button
            aria-label={`Ask a site for ${name}`}
            onPress={() => onAsk({ act: 'ask', statement })}
          >
            Ask a site
          </Button>
          <Button
            look="quiet"
            aria-label={`Take back ${name}`}
            onPress={() => onAsk({ act: 'withdraw', statement })}
          >
            Take back
          </Button>
        </div>
      )}
    </li>
  );
}

interface WithdrawProps {
  integratorId: string;
  statement: SubmittedStatement;
  onDone: () => void;
  onClose: () => void;
}

function Withdraw({ integratorId, statement, onDone, onClose }: WithdrawProps) {
  const withdrawing = useMutation({
    mutationFn: () => withdrawStatement(integratorId, statement.statementId),
    onSuccess: onDone,
  });
  return (
    <Dialog title={`Take back “${statement.name}”?`} isOpen isAlert onClose={onClose}>
      <p>No further site can be asked for it. Where it is permitted it goes on running.</p>
      {withdrawing.isError && <ProblemNotice error={withdrawing.error} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button
          look="danger"
          isPending={withdrawing.isPending}
          onPress={() => withdrawing.mutate()}
        >
          Take back
        </Button>
      </DialogActions>
    </Dialog>
  );
}
