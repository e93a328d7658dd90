import { describe, expect, test } from '@jest/globals';

import { readIdentityAnswer } from '#apps/agent/src/identity/identity-answer.js';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const site = { siteId: 'site-1', name: 'Zz Rooms', pmsType: 'Sandbox', pmsSiteId: '1' };
const answer = {
  agentId: 'agent-1',
  practiceId: 'practice-1',
  trustDomain: 'conduit.test',
  certificate: pem,
  authority: pem,
  linkUrl: 'wss://gateway.conduit.test:8443',
  sites: [site],
};

describe("the broker's answer about the agent's identity", () => {
  test('is taken when it is whole', () => {
    expect(readIdentityAnswer(answer)).toEqual(answer);
  });

  test('is kept without what this version does not know', () => {
    const more = { ...answer, extra: 1, sites: [{ ...site, extra: 1 }] };
    expect(readIdentityAnswer(more)).toEqual(answer);
  });

  test.each<[string, object, string]>([
    ['no sites', { sites: undefined }, 'sites'],
    ['sites that are no list', { sites: {} }, 'sites'],
    ['an empty list of sites', { sites: [] }, 'sites'],
    ['the same site twice', { sites: [site, site] }, 'sites'],
    ['a site without an id', { sites: [{ ...site, siteId: null }] }, 'sites'],
    ['a site that paints the terminal', { sites: [{ ...site, name: 'Zz\u001b[2J' }] }, 'sites'],
    ['a link in the clear', { linkUrl: 'ws://gateway.conduit.test' }, 'linkUrl'],
    ['a link that is no address', { linkUrl: 'gateway' }, 'linkUrl'],
    ['a link with a name and password', { linkUrl: 'wss://a:b@gateway.test' }, 'linkUrl'],
    ['a certificate that is none', { certificate: 'x' }, 'certificate'],
  ])('with %s is refused', (_what, changes, reason) => {
    expect(() => readIdentityAnswer({ ...answer, ...changes })).toThrow(
      expect.objectContaining({ code: 'LINK_PROTOCOL', facts: { reason } }) as never,
    );
  });

  test('that is no object is refused', () => {
    expect(() => readIdentityAnswer([])).toThrow();
  });
});
