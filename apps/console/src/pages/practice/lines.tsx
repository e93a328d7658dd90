import type { Permission } from '#libs/console-api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';

type Line = Permission['lines'][number];

export interface LinesProps {
  lines: readonly Line[];
  /** What it takes the place of: what is new says so, and what goes is named. */
  before?: readonly Line[] | undefined;
}

/** Each document begins when it is signed: that says nothing. */
const BEGIN = 'From';

/** A permission line by line; lines that share a label stand together. */
export function Lines({ lines, before }: LinesProps) {
  const groups: { label: string; texts: string[] }[] = [];
  for (const { label, text } of lines) {
    const last = groups.at(-1);
    if (last?.label === label) last.texts.push(text);
    else groups.push({ label, texts: [text] });
  }
  const gone = before?.filter((line) => line.label !== BEGIN && !has(lines, line)) ?? [];
  const shown = (label: string, text: string) => (
    <>
      {text}{' '}
      {before && label !== BEGIN && !has(before, { label, text }) && (
        <Badge tone="warning">New</Badge>
      )}
    </>
  );
  return (
    <dl className="facts">
      {groups.map(({ label, texts: [first = '', ...others] }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {others.length === 0 ? (
              shown(label, first)
            ) : (
              <ul className="plain-list">
                {[first, ...others].map((text) => (
                  <li key={text}>{shown(label, text)}</li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      ))}
      {gone.length > 0 && (
        <div>
          <dt>No longer</dt>
          <dd>
            <ul className="plain-list">
              {gone.map(({ label, text }) => (
                <li key={`${label} ${text}`}>
                  <s>
                    {label}: {text}
                  </s>
                </li>
              ))}
            </ul>
          </dd>
        </div>
      )}
    </dl>
  );
}

const has = (lines: readonly Line[], { label, text }: Line): boolean =>
  lines.some((line) => line.label === label && line.text === text);
