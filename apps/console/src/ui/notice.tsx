import type { ReactNode } from 'react';
import { toProblem } from '#apps/console/src/api/request.js';

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

/** Something the person should know, where it matters. `bad` is read out at once. */
export function Notice({
  tone = 'plain',
  title,
  children,
  action,
}: {
  tone?: Tone;
  title?: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={`notice notice--${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {title !== undefined && <p className="notice__title">{title}</p>}
      {children !== undefined && <div className="notice__words">{children}</div>}
      {action}
    </div>
  );
}

/** A failed call in words: what is the matter, what to do, and what to quote when asking for help. */
export function ProblemNotice({
  error,
  action,
  fieldWords = {},
}: {
  error: unknown;
  action?: ReactNode;
  /** What the fields of the call are called on this page. */
  fieldWords?: Readonly<Record<string, string>>;
}) {
  const { title, remedy, requestId, fields } = toProblem(error);
  return (
    <Notice tone="bad" title={title} action={action}>
      {fields.length > 0 && (
        <ul>
          {fields.map(({ field, problem }) => (
            <li key={`${field} ${problem}`}>
              {fieldWords[field] ?? field} {problem}
            </li>
          ))}
        </ul>
      )}
      <p>{remedy}</p>
      {requestId !== undefined && (
        <p className="notice__quote">
          When you ask for help, quote <code>{requestId}</code>
        </p>
      )}
    </Notice>
  );
}
