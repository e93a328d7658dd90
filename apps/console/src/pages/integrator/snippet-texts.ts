/** Snippets that run as they are, once the variables of the first one are set. */
export interface Snippet {
  title: string;
  words: string;
  curl: string;
  node: string;
}

const STATEMENT = 'SELECT 1 AS works';

/** For the shell, once: the key is asked for, so that it stays out of the shell's history. */
export const settings = (origin: string, siteId: string): string =>
  `export CONDUIT_URL='${origin}'
export CONDUIT_SITE='${siteId}'
read -rs CONDUIT_KEY && export CONDUIT_KEY`;

const header = `-H "Ocp-Apim-Subscription-Key: $CONDUIT_KEY"`;
const json = `-H 'Content-Type: application/json'`;

/** The beginning of each Node program: Node 20 or newer, no package. */
const nodeCall = `const { CONDUIT_URL, CONDUIT_KEY, CONDUIT_SITE } = process.env;
async function call(method, path, body) {
  const response = await fetch(CONDUIT_URL + path, {
    method,
    headers: {
      'Ocp-Apim-Subscription-Key': CONDUIT_KEY,
      Accept: 'application/problem+json, application/json',
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(\`\${answer.code}: \${answer.remedy}\`);
  return answer;
}`;

export const snippets: readonly Snippet[] = [
  {
    title: 'Redeem a pairing code',
    words:
      'The practice gives you the code and the id of its software. Afterwards it sees your request.',
    curl: `read -r -p 'Pairing code: ' CODE
read -r -p 'Site id of the software: ' PMS_SITE
curl -sS ${header} ${json} \\
  -d "{\\"practiceManagementSiteId\\":\\"$PMS_SITE\\",\\"practiceManagementName\\":\\"Best Practice\\",\\"pairingCode\\":\\"$CODE\\"}" \\
  "$CONDUIT_URL/integrator/pair-site"`,
    node: `${nodeCall}

const [pairingCode, practiceManagementSiteId] = process.argv.slice(2);
const practiceManagementName = 'Best Practice';
console.log(await call('POST', '/integrator/pair-site', {
  pairingCode, practiceManagementSiteId, practiceManagementName,
}));`,
  },
  {
    title: 'Ask at once',
    words: 'The answer comes in the same call, at most 8 MB of it.',
    curl: `curl -sS ${header} ${json} \\
  -H 'Accept: application/x-ndjson' \\
  -d '{"command":{"text":"${STATEMENT}"}}' \\
  "$CONDUIT_URL/integrator/sites/$CONDUIT_SITE/queries/immediate"`,
    node: `${nodeCall}

const answer = await call('POST', \`/integrator/sites/\${CONDUIT_SITE}/queries/immediate\`, {
  command: { text: '${STATEMENT}' },
});
console.log(JSON.parse(Buffer.from(answer.result.data, 'base64').toString()));`,
  },
  {
    title: 'Ask, and fetch it later',
    words: 'It waits while the site is offline. Delete the result once you have it.',
    curl: `QUERIES="$CONDUIT_URL/integrator/sites/$CONDUIT_SITE/queries"
ID=$(curl -sS ${header} ${json} \\
  -d '{"command":{"text":"${STATEMENT}"}}' "$QUERIES/async" | sed -E 's/.*"id":"([^"]+)".*/\\1/')
until curl -sS ${header} "$QUERIES/$ID" | grep -Eq '"status":"(successful|[a-zA-Z]+(Failed|Error)|expiredInQueue)'; do
  sleep 1
done
curl -sS ${header} "$QUERIES/$ID/results/1/stream"
curl -sS ${header} -X DELETE "$QUERIES/$ID/results"`,
    node: `${nodeCall}

const queries = \`/integrator/sites/\${CONDUIT_SITE}/queries\`;
const { id } = await call('POST', \`\${queries}/async\`, { command: { text: '${STATEMENT}' } });
let query;
do {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  query = await call('GET', \`\${queries}/\${id}\`);
} while (['initialising', 'queued', 'executing', 'uploading'].includes(query.status));
if (query.status !== 'successful') throw new Error(query.status);
const page = await call('GET', \`\${queries}/\${id}/results/1\`);
console.log(JSON.parse(Buffer.from(page.data, 'base64').toString()));
await call('DELETE', \`\${queries}/\${id}/results\`);`,
  },
  {
    title: 'See what you used',
    words: 'The sums of the Usage page, for your own books.',
    curl: `curl -sS ${header} "$CONDUIT_URL/integrator/usage"`,
    node: `${nodeCall}

console.log(await call('GET', '/integrator/usage'));`,
  },
];
