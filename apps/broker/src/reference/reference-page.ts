/** The reference as one page without scripts: it loads nothing but its own style sheet. */
import type { Operation } from '#apps/broker/src/reference/operation.js';
import { operations } from '#apps/broker/src/reference/operations.js';
import { openApiPath } from '#apps/broker/src/reference/openapi-document.js';
import { schemas } from '#apps/broker/src/reference/schemas.js';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign);
const code = (text: string): string => `<code>${escaped(text)}</code>`;
/** What scrolls sideways on a narrow screen can be reached and scrolled with the keyboard too. */
const scrolling = (label: string, content: string): string =>
  `<div class="scrolling" role="region" aria-label="${escaped(label)}" tabindex="0">${content}</div>`;
const block = (label: string, value: unknown): string =>
  scrolling(label, `<pre>${escaped(JSON.stringify(value, undefined, 2))}</pre>`);
/** May break after each slash. */
const pathCode = (path: string): string =>
  code(path).replaceAll('/', '/<wbr>').replace('</<wbr>', '</');

const schemaLink = (name: string): string => `<a href="#schema-${name}">${name}</a>`;

interface Row {
  id?: string;
  cells: string[];
}

function table(label: string, head: string[], rows: Row[]): string {
  const heads = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map(({ id, cells }) => {
    const row = cells.map((cell) => `<td>${cell}</td>`).join('');
    return `<tr${id === undefined ? '' : ` id="${id}"`}>${row}</tr>`;
  });
  return scrolling(
    label,
    `<table><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table>`,
  );
}

const errorRow = (name: ErrorCode): Row => {
  const { status, title, retry, whoCanFix, remedy } = catalogue[name];
  return {
    id: `error-${name}`,
    cells: [
      `${code(name).replaceAll('_', '_<wbr>')}<br>${status}`,
      `${escaped(title)}<br>${escaped(remedy)}`,
      `Retry: ${retry}.<br>Who can fix it: ${whoCanFix}.`,
    ],
  };
};

const errorLink = (name: ErrorCode): string => `<a href="#error-${name}">${name}</a>`;

const operationId = ({ route }: Operation): string =>
  route.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');

function heading({ route }: Operation): string {
  const [method = '', path = ''] = route.split(' ');
  return `${method} ${pathCode(openApiPath(path))}`;
}

/** What there is under one tag, to jump to. */
function contents(tag: string, own: Operation[]): string {
  const items = own.map(
    (operation) =>
      `<li><a href="#${operationId(operation)}">${heading(operation)}</a><br>${escaped(operation.summary)}</li>`,
  );
  return `<nav aria-label="${tag}"><ul>${items.join('\n')}</ul></nav>`;
}

function section(operation: Operation): string {
  const id = operationId(operation);
  const { route, body, bodyExample, status, answer, answerExample } = operation;
  const query = Object.entries(operation.query ?? {}).map(([name, text]) => ({
    cells: [code(name), escaped(text)],
  }));
  const errors = [...new Set(operation.errors)].map(errorLink);
  const parts = [
    `<h3 id="${id}">${heading(operation)}</h3>`,
    `<p>${escaped(operation.summary)}.${operation.deprecated ? ' <em>Deprecated.</em>' : ''}</p>`,
    operation.description ? `<p>${escaped(operation.description)}</p>` : '',
    query.length > 0
      ? table(`Query parameters of ${route}`, ['Query parameter', 'Meaning'], query)
      : '',
    body ? `<p>Takes ${schemaLink(body)}.</p>` : '',
    bodyExample === undefined ? '' : block(`A body for ${route}`, bodyExample),
    answer ? `<p>Answers ${status} ${schemaLink(answer)}.</p>` : '',
    answerExample === undefined ? '' : block(`An answer of ${route}`, answerExample),
    errors.length > 0 ? `<p class="errors">Can fail with ${errors.join(', ')}.</p>` : '',
  ];
  return `<section aria-labelledby="${id}">${parts.filter(Boolean).join('\n')}</section>`;
}

export function referencePage(): string {
  const tags = [...new Set(operations.map((operation) => operation.tag))];
  const sections = tags.map((tag) => {
    const own = operations.filter((operation) => operation.tag === tag);
    return `<h2 id="${tag}">${tag}</h2>${contents(tag, own)}${own.map(section).join('\n')}`;
  });
  const shapes = Object.entries(schemas).map(
    ([name, schema]) => `<h3 id="schema-${name}">${name}</h3>${block(`Schema ${name}`, schema)}`,
  );
  const links = [...tags, 'Errors', 'Schemas']
    .map((tag) => `<li><a href="#${tag}">${tag}</a></li>`)
    .join('');
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
<a class="skip" href="#main">Skip to the operations</a>
<header><h1>Conduit integrator API</h1>
<p>Send your key in <code>Ocp-Apim-Subscription-Key</code>. Errors come as
<code>{"error":{status, statusText, message, code, requestId}}</code>, or as RFC 9457 with
<code>Accept: application/problem+json</code>. Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>
<nav class="top" aria-label="On this page"><ul>${links}</ul></nav></header>
<main id="main" tabindex="-1">${sections.join('\n')}
<h2 id="Errors">Errors</h2>
${table('Errors', ['Code and status', 'Meaning and what to do', 'Retry'], codes.map(errorRow))}
<h2 id="Schemas">Schemas</h2>${shapes.join('\n')}</main>
</body>
</html>
`;
}

export const referenceStyle = `
:root { color-scheme: light dark; scroll-padding-top: 1rem; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 3rem; }
h3 { overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid; outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: 0.25rem 0; overflow-wrap: anywhere; }
nav.top ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
nav.top a { display: inline-block; padding: 0.25rem 0; }
section { border-top: 1px solid #8886; margin-top: 2rem; }
.scrolling { overflow-x: auto; margin: 1rem 0; }
pre { margin: 0; padding: 0.75rem; background: #8881; width: max-content; min-width: 100%; box-sizing: border-box; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9375em; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
tr + tr td { border-top: 1px solid #8886; }
td:nth-child(3) { white-space: nowrap; }
@media (max-width: 40rem) {
  tr { display: block; padding: 0.5rem 0; }
  thead { display: none; }
  td, td:nth-child(3) { display: block; padding: 0; white-space: normal; }
  tr + tr { border-top: 1px solid #8886; }
  tr + tr td { border-top: 0; }
}
tr:target td { background: #fd03; }
`;
