/** Runs a driver and gathers the whole answer, as the link would take it. */
import type { PmsCommand, PmsDriver, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import { ResultWriter, type ResultShape } from '#apps/agent/src/pms/rows/result-writer.js';

export const anyShape: ResultShape = {
  form: 'objects',
  resultSets: 'first',
  columns: false,
  executionMode: 'reader',
  maxRows: Infinity,
  maxBytes: Infinity,
};

export function aCommand(text: string, command: Partial<PmsCommand> = {}): PmsCommand {
  return {
    catalogue: 'Patients',
    tier: 'read',
    type: 'text',
    executionMode: 'reader',
    text,
    parameters: [],
    ...command,
  };
}

export interface GatheredAnswer {
  text: string;
  outcome: PmsOutcome | undefined;
  error: unknown;
  sink: ResultWriter;
}

/** @param signal aborts the run; a cap that is passed aborts it too */
export async function gather(
  driver: PmsDriver,
  command: PmsCommand,
  shape: Partial<ResultShape> = {},
  signal?: AbortSignal,
): Promise<GatheredAnswer> {
  const fault = new AbortController();
  const sink = new ResultWriter(
    { ...anyShape, executionMode: command.executionMode, ...shape },
    () => fault.abort(new Error('fault')),
  );
  const either = signal === undefined ? fault.signal : AbortSignal.any([signal, fault.signal]);
  const text = readAll(sink.chunks);
  let error: unknown;
  let outcome: PmsOutcome | undefined;
  try {
    outcome = await driver.run(command, sink, either);
    if (outcome.failure === undefined) sink.finish();
    else sink.fail({ code: 'STATEMENT_FAILED' });
  } catch (thrown) {
    error = thrown;
    sink.fail({ code: 'failed' });
  }
  return { text: await text, outcome, error, sink };
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}
