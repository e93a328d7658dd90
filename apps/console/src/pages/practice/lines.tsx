import type { Permission } from '#libs/console-api/practice.js';

/** A permission line by line; lines that share a label stand together. */
export function Lines({ lines }: { lines: Permission['lines'] }) {
  const groups: { label: string; texts: string[] }[] = [];
  for (const { label, text } of lines) {
    const last = groups.at(-1);
    if (last?.label === label) last.texts.push(text);
    else groups.push({ label, texts: [text] });
  }
  return (
    <dl className="facts">
      {groups.map(({ label, texts }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {texts.length === 1 ? (
              texts[0]
            ) : (
              <ul className="plain-list">
                {texts.map((text) => (
                  <li key={text}>{text}</li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
