/**
 * Trying statements at the sandbox, through the same path as the API. The key is typed for it and
 * stays in this page's memory; whoever leaves cancels what runs.
 */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { askSandbox, type Row } from '#apps/console/src/api/integrator.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { readParameters } from './parameter-lines.js';
import { RowTable } from './row-table.js';
import { useIntegratorId, useSites } from './use-integrator.js';

/** A site is known for the sandbox once its server has said so. */
const REFRESH_MS = 10_000;

export default function QueryConsole() {
  const sites = useSites(useWhileAttended(REFRESH_MS));
  return (
    <Page
      title="Query console"
      lead="Try statements at the sandbox clinic, whose people are made up."
      wide
    >
      <Asked query={sites}>
        {(found) => {
          const sandboxes = found.filter(({ isSandbox }) => isSandbox);
          return sandboxes.length === 0 ? (
            <NoSandbox />
          ) : (
            <Console
              sites={sandboxes.map(({ siteId, name }) => ({ value: siteId, label: name }))}
            />
          );
        }}
      </Asked>
    </Page>
  );
}

const NoSandbox = () => (
  <Empty
    title="No sandbox is paired"
    action={
      <ButtonLink to="../snippets" relative="path" look="main">
        How to redeem a code
      </ButtonLink>
    }
  >
    Practices are never asked from here: their sites are asked by your software, through the API.
    Ask Conduit’s support for a pairing code of the sandbox clinic.
  </Empty>
);

interface Question {
  siteId: string;
  key: string;
  text: string;
  parameters: string;
}

/** Runs one at a time; another, or leaving, cancels it. */
function useQuestion() {
  const integratorId = useIntegratorId();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const asking = useMutation({
    mutationFn: ({ siteId, key, text, parameters }: Question): Promise<Row[]> => {
      running.current?.abort();
      const abort = new AbortController();
      running.current = abort;
      const command = { text, parameters: readParameters(parameters) };
      return askSandbox({ integratorId, siteId, key: key.trim(), command }, abort.signal);
    },
  });
  return { asking, cancel: () => running.current?.abort() };
}

function Console({ sites }: { sites: readonly { value: string; label: string }[] }) {
  const [question, setQuestion] = useState<Question>({
    siteId: sites[0]?.value ?? '',
    key: '',
    text: 'SELECT TOP (10) * FROM dbo.Patient',
    parameters: '',
  });
  const { asking, cancel } = useQuestion();
  const set = (change: Partial<Question>) => setQuestion({ ...question, ...change });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    asking.mutate(question);
  };
  return (
    <>
      <Form className="panel" onSubmit={submit}>
        <Select
          label="Site"
          options={sites}
          value={question.siteId}
          onChange={(siteId) => set({ siteId })}
        />
        <TextField
          label="API key"
          hint="It goes with each call and is kept nowhere: leave this page and it is gone."
          type="password"
          autoComplete="off"
          value={question.key}
          onChange={(key) => set({ key })}
          isRequired
          isCode
        />
        <TextField
          label="Statement"
          value={question.text}
          onChange={(text) => set({ text })}
          rows={6}
          isRequired
          isCode
        />
        <TextField
          label="Parameters"
          hint="One a line: name, type, value. For example: @from Int 0"
          value={question.parameters}
          onChange={(parameters) => set({ parameters })}
          rows={2}
          isCode
        />
        <div className="cluster">
          <Button type="submit" look="main" isPending={asking.isPending}>
            Run
          </Button>
          {asking.isPending && (
            <Button look="quiet" onPress={cancel}>
              Cancel
            </Button>
          )}
        </div>
      </Form>
      {asking.isError && <Failure error={asking.error} />}
      {asking.isSuccess && (
        <Section title="Rows">
          <RowTable rows={asking.data} />
        </Section>
      )}
    </>
  );
}

function Failure({ error }: { error: Error }) {
  if (error.name === 'AbortError') {
    return (
      <Notice title="Cancelled">
        <p>The statement was stopped at the database.</p>
      </Notice>
    );
  }
  const words = toProblem(error).databaseWords;
  return (
    <ProblemNotice
      error={error}
      action={words !== undefined && <p>The database says: {words}</p>}
    />
  );
}
