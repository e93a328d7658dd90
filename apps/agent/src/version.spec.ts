import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { agentVersion } from '#apps/agent/src/version.js';

test('the agent has the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(agentVersion).toBe(version);
});
