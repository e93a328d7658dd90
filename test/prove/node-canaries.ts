/**
 * Planted words in what is asked of the node that does not hold the agent's link, and goes from node
 * to node therefore.
 */
import type { Canaries } from '#test/prove/canaries.js';
import type { BrokerNode } from '#test/support/broker-node.js';
import { settle } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const WITHIN_MS = 60_000;

export async function sendToOtherNode(
  conduit: TestConduit,
  canaries: Canaries,
  node: BrokerNode,
): Promise<void> {
  const origin = `https://localhost:${node.ports.api}`;
  const literal = (): object => ({ text: `SELECT '${canaries.mark('Node')}' AS v` });
  // It knows of the link a moment after it has started.
  await settle('the other node reaches the agent', WITHIN_MS, async () => {
    const body = { command: { text: 'SELECT 1 AS v' } };
    const { status } = await conduit.call('POST', `${conduit.queriesPath}/immediate`, {
      ...{ origin, body },
    });
    return status === 200 || undefined;
  });
  await canaries.query('query at another node', literal(), { origin });
  const headers = { accept: 'application/x-ndjson' };
  await canaries.query('stream at another node', literal(), { origin, headers });
  const failing = { text: `RAISERROR('${canaries.mark('Node')}', 16, 1)` };
  await canaries.query('failing query at another node', failing, { origin });
  const path = `${conduit.queriesPath}/async`;
  const { body } = await conduit.call('POST', path, { origin, body: { command: literal() } });
  const { id } = body as { id: string };
  const page = await settle('its page', WITHIN_MS, async () => {
    const answer = await conduit.call('GET', `${conduit.queriesPath}/${id}/results/1`, { origin });
    return answer.status === 200 ? answer : undefined;
  });
  canaries.take('async query at another node', page);
}
