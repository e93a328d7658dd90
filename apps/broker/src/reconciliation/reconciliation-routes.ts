/** The routes of this room and who may call them: the walk over roles and tenants holds them to it. */
import type { ConsoleRoutes } from '#apps/broker/src/access/console-route.js';

const ofPractice = '/console/api/practices/:practiceId/reconciliations';
const ofAgent = '/console/api/operator/agents/:agentId/reconciliations';
const alarms = '/console/api/operator/agents/:agentId/log-alarms';
const readers = ['practice-owner', 'practice-manager', 'practice-auditor'] as const;
const security = ['operator-security'] as const;

export const reconciliationRoutes: ConsoleRoutes = {
  [`GET ${ofPractice}`]: {
    may: readers,
    summary: 'Whether the broker’s records and the practice’s own agree.',
  },
  [`POST ${ofPractice}`]: { may: readers, summary: 'Has both sides’ records compared.' },
  [`GET ${ofAgent}`]: { may: security, summary: 'Whether an agent’s records and ours agree.' },
  [`POST ${ofAgent}`]: { may: security, summary: 'Has an agent’s records compared with ours.' },
  [`GET ${alarms}`]: { may: security, summary: 'What the logs found wrong about an agent.' },
  [`POST ${alarms}/settle`]: {
    may: security,
    summary: 'Somebody has looked, and says why it ends.',
  },
};
