/** The reference as one page without scripts: it loads nothing but its own style sheet. */
import { operations, type Operation } from '#apps/broker/src/reference/operations.js';
import { openApiPath } from '#apps/broker/src/reference/openapi-document.js';
import { schemas } from '#apps/broker/src/reference/schemas.js';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign);
const code = (text: string): string => `<code>${escaped(text)}</code>`;
const block = (value: unknown): string =>
  `<pre>${escaped(JSON.stringify(value, undefined, 2))}</pre>`;

const schemaLink = (name: string): string => `<a href="#schema-${name}">${name}</a>`;

function table(head: string[], rows: string[][]): string {
  const cells = (tag: string, row: string[]) =>
    row.map((cell) => `<${tag}>${cell}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table>`;
}

const errorRow = (name: ErrorCode): string[] => {
  const { status, title, retry, whoCanFix, remedy } = catalogue[name];
  return [String(status), code(name), escaped(title), retry, whoCanFix, escaped(remedy)];
};

function section(operation: Operation): string {
  const [method = '', path = ''] = operation.route.split(' ');
  const query = Object.entries(operation.query ?? {}).map(([name, text]) => [
    code(name),
    escaped(text),
  ]);
  const parts = [
    `<h3>${method} ${code(openApiPath(path))}</h3>`,
    `<p>${escaped(operation.summary)}.${operation.deprecated ? ' <em>Deprecated.</em>' : ''}</p>`,
    operation.description ? `<p>${escaped(operation.description)}</p>` : '',
    query.length > 0 ? table(['Query parameter', ''], query) : '',
    operation.body ? `<p>Takes ${schemaLink(operation.body)}.</p>` : '',
    operation.bodyExample === undefined ? '' : block(operation.bodyExample),
    operation.answer ? `<p>Answers ${operation.status} ${schemaLink(operation.answer)}.</p>` : '',
    operation.answerExample === undefined ? '' : block(operation.answerExample),
    operation.errors.length > 0
      ? `<p>Can fail with ${[...new Set(operation.errors)].map((name) => `<a href="#errors">${name}</a>`).join(', ')}.</p>`
      : '',
  ];
  return `<section>${parts.join('\n')}</section>`;
}

export function referencePage(): string {
  const tags = [...new Set(operations.map((operation) => operation.tag))];
  const sections = tags.map((tag) => {
    const own = operations.filter((operation) => operation.tag === tag).map(section);
    return `<h2 id="${tag}">${tag}</h2>${own.join('\n')}`;
  });
  const shapes = Object.entries(schemas).map(
    ([name, schema]) => `<h3 id="schema-${name}">${name}</h3>${block(schema)}`,
  );
  const links = [...tags, 'Errors', 'Schemas']
    .map((tag) => `<a href="#${tag}">${tag}</a>`)
    .join(' ');
  const codes = Object.keys(catalogue) as ErrorCode[];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conduit integrator API</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><h1>Conduit integrator API</h1>
<p>Send your key in <code>Ocp-Apim-Subscription-Key</code>. Errors come as
<code>{"error":{status, statusText, message, code, requestId}}</code>, or as RFC 9457 with
<code>Accept: application/problem+json</code>. Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>
<nav>${links}</nav></header>
<main>${sections.join('\n')}
<h2 id="Errors">Errors</h2><div id="errors">
${table(['Status', 'Code', 'Meaning', 'Retry', 'Who can fix it', 'What to do'], codes.map(errorRow))}</div>
<h2 id="Schemas">Schemas</h2>${shapes.join('\n')}</main>
</body>
</html>
`;
}

export const referenceStyle = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav a { margin-right: 1rem; }
section { border-top: 1px solid #8886; padding-top: 0.5rem; }
pre { overflow-x: auto; padding: 0.75rem; background: #8881; }
code { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
tr + tr td { border-top: 1px solid #8883; }
`;
