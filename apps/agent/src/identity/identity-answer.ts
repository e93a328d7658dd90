/** The broker's answer about who this agent is, read strictly: it is kept on disk and lived by. */
import type { IdentityAnswer, SiteToServe } from '#libs/contracts/enrolment.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { firstWrongField, list, matches, object, type Shape } from '#libs/grants/field-checks.js';

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const shown = matches(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,500}$/u);
const certificate = matches(
  /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,20000}-----END CERTIFICATE-----\s*$/,
);

function isLinkUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 500 || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  return protocol === 'wss:' && hostname !== '' && username === '' && password === '';
}

const siteShape: Shape = {
  required: { siteId: id, name: shown, pmsType: shown, pmsSiteId: shown },
};

const shape: Shape = {
  required: {
    agentId: id,
    practiceId: id,
    trustDomain: matches(/^[A-Za-z0-9.-]{1,253}$/),
    certificate,
    authority: certificate,
    linkUrl: isLinkUrl,
    sites: list(object(siteShape), 1, 100),
  },
};

/** The fields that this version knows: a newer broker may say more, and none of that is kept. */
function known(value: unknown, { required }: Shape): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([field]) => field in required));
}

/** @throws ConduitError LINK_PROTOCOL naming the first field that is not right; nothing of its value */
export function readIdentityAnswer(value: unknown): IdentityAnswer {
  const answer = known(value, shape) as IdentityAnswer;
  const { sites } = answer;
  if (Array.isArray(sites))
    answer.sites = sites.map((site) => known(site, siteShape) as SiteToServe);
  const wrong = firstWrongField(answer, shape);
  if (wrong === undefined) return answer;
  throw new ConduitError('LINK_PROTOCOL', { facts: { reason: wrong } });
}
