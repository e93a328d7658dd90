/** What a newcomer reads when the conduit is up. */
import { readStatement } from '#deploy/dev/first-queries.js';
import type { DevSummary } from '#deploy/dev/bring-up.js';

/** Rows as an aligned table. */
export function rowsTable(rows: Record<string, unknown>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name])))];
  const widths = names.map((_, column) =>
    Math.max(...cells.map((line) => (line[column] ?? '').length)),
  );
  return cells
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param seconds how long it took to come up */
export function banner(summary: DevSummary, seconds: number): string {
  const { integratorUrl, siteId, subscriptionKey, caFile } = summary;
  const statement = readStatement.replaceAll('\n', ' ');
  const body = JSON.stringify({ command: { text: statement } });
  return `
The conduit is running; it took ${seconds.toFixed(1)} seconds.

  API           ${integratorUrl}
  Reference     ${summary.docsUrl}   (OpenAPI: ${integratorUrl}/openapi.json)
  Metrics       ${summary.metricsUrl}
  Site id       ${siteId}
  Key           ${subscriptionKey}
  Authority     ${caFile}
  All of it     ${summary.caFile.replace(/ca\.pem$/, 'dev.json')}

The console, in a browser on this machine; each link works once, until it was followed:

  Practice owner      ${summary.invitations.practiceOwner}
  Integrator          ${summary.invitations.integratorAdmin}
  Operator            ${summary.invitations.operatorSecurity}
  Signed in before?   ${summary.consoleUrl}

Read, decoded:

  curl -s --cacert '${caFile}' -H 'Ocp-Apim-Subscription-Key: ${subscriptionKey}' \\
    -H 'Content-Type: application/json' -H 'Accept: application/x-ndjson' \\
    -d '${body}' \\
    '${integratorUrl}/integrator/sites/${siteId}/queries/immediate'

The same in the Halo-compatible form:

  curl -s --cacert '${caFile}' -H 'Ocp-Apim-Subscription-Key: ${subscriptionKey}' \\
    -H 'Content-Type: application/json' \\
    -d '{"command":{"text":"SELECT COUNT(*) AS patients FROM dbo.Patient"}}' \\
    '${integratorUrl}/integrator/sites/${siteId}/queries/immediate'

As the practice:

  npm run agent -- grants --state '${summary.agentStateDirectory}'
  npm run agent -- pause  --state '${summary.agentStateDirectory}'

Ctrl-C stops everything.
`;
}
