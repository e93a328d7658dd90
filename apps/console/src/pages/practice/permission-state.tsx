/** What became of a permission, in words, and what to do on the server where it takes doing. */
import type { ReactNode } from 'react';
import type { PermissionState, PermissionSummary } from '#libs/console-api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice, type Tone } from '#apps/console/src/ui/notice.js';

/** A withdrawal that the server has not confirmed for so long is an alarm. */
const ALARM_MS = 300_000;
const DAY_MS = 86_400_000;
export const REMIND_DAYS = 30;

const badges: Record<PermissionState, [tone: Tone, words: string]> = {
  proposed: ['warning', 'Waiting for the server'],
  active: ['good', 'In force'],
  refused: ['bad', 'Refused by the server'],
  ending: ['warning', 'Ending'],
  revoked: ['plain', 'Ended'],
  expired: ['plain', 'Expired'],
};

export function StateBadge({ state }: { state: PermissionState }) {
  const [tone, words] = badges[state];
  return <Badge tone={tone}>{words}</Badge>;
}

export const isAlarming = ({ state, createdAt }: PermissionSummary): boolean =>
  state === 'ending' && Date.now() - Date.parse(createdAt) > ALARM_MS;

export const endsSoon = ({ state, expires }: PermissionSummary): boolean =>
  state === 'active' && Date.parse(expires) - Date.now() < REMIND_DAYS * DAY_MS;

export function StateNotice({ permission }: { permission: PermissionSummary }) {
  const { state, confirmedAt, createdAt, refusedReason, integratorName } = permission;
  switch (state) {
    case 'active':
      return (
        <Notice tone="good" title="In force">
          <p>
            In force at the practice’s server since{' '}
            {confirmedAt !== undefined && <DateTime value={confirmedAt} precision="second" />}.
          </p>
        </Notice>
      );
    case 'proposed':
      return (
        <Notice tone="warning" title="Signed, waiting for the practice’s server">
          <p>
            You signed this <DateTime value={createdAt} />. It is in force once the server has
            checked your signature and confirmed. If the server is switched off, it does so when it
            is back; you don’t need to keep this page open.
          </p>
        </Notice>
      );
    case 'refused':
      return (
        <Notice tone="bad" title="The practice’s server refused this">
          <RefusalWords reason={refusedReason} />
        </Notice>
      );
    case 'ending':
      return isAlarming(permission) ? (
        <Notice tone="bad" title="The practice’s server has not confirmed the end yet">
          <p>
            Conduit refuses {integratorName} since <DateTime value={createdAt} />, so nothing new
            passes. The server itself has not confirmed.
          </p>
          <ol>
            <li>Check that the practice’s server is switched on and connected to the internet.</li>
            <li>
              To be sure at once, run <code>conduit-agent pause</code> on the server: it stops
              everything there, with no connection needed.
            </li>
            <li>
              When the server is connected again it takes over the end by itself, and says so here.
            </li>
          </ol>
        </Notice>
      ) : (
        <Notice tone="warning" title="Ended here, waiting for the practice’s server">
          <p>
            Conduit refuses {integratorName} since <DateTime value={createdAt} precision="second" />
            . The server confirms as soon as it is reached, within seconds when it is online.
          </p>
        </Notice>
      );
    case 'revoked':
      return (
        <Notice title="Ended">
          {confirmedAt !== undefined && (
            <p>
              The practice’s server confirmed <DateTime value={confirmedAt} precision="second" />.
            </p>
          )}
        </Notice>
      );
    case 'expired':
      return (
        <Notice tone="warning" title="Expired">
          <p>{integratorName} is refused since then. Renew it if it should go on.</p>
        </Notice>
      );
  }
}

const settings: Record<string, [what: string, setting: string]> = {
  'sql:write': ['commands that change any data', '"rawSqlWrites": true'],
  'sql:read': ['queries of the integrator’s own', '"rawSqlReads": true'],
  procedure: ['stored procedures', '"procedures": true'],
  expires: ['a permission of this length', '"maxDays": 400'],
  rows: ['so many rows in an answer', '"maxRows": …'],
  bytes: ['answers of this size', '"maxBytes": …'],
  ms: ['queries of this length', '"maxMs": …'],
  concurrency: ['so many queries at the same time', '"maxConcurrency": …'],
  perMinute: ['so many queries a minute', '"maxPerMinute": …'],
};

/** A limit that only somebody at the server can change: which line of which file. */
export function CeilingWords({ reason }: { reason: string | undefined }): ReactNode {
  const [what, setting] = settings[reason ?? ''] ?? ['this', undefined];
  return (
    <>
      <p>
        A limit that was set on the practice’s server does not allow {what}. It can’t be changed
        from here, by anybody.
      </p>
      <ul>
        <li>Narrow the permission, and approve that; or</li>
        <li>
          ask your IT provider to open <code>ceiling.json</code> in Conduit’s folder on the server
          {setting !== undefined && (
            <>
              , set <code>{setting}</code>
            </>
          )}{' '}
          and save it. Then approve again.
        </li>
      </ul>
    </>
  );
}

function RefusalWords({ reason = '' }: { reason: string | undefined }): ReactNode {
  const [code = '', ...rest] = reason.split(':');
  if (code === 'GRANT_CEILING') return <CeilingWords reason={rest.join(':')} />;
  if (code === 'PROPOSAL_LAPSED') {
    return <p>It waited for the server for more than a week and was dropped. Approve it again.</p>;
  }
  if (rest[0] === 'approver-unknown') {
    return (
      <p>
        The passkey it was signed with is not admitted on that server. Open the page Approvers,
        admit the passkey on the server, then approve again.
      </p>
    );
  }
  return (
    <p>
      Nothing has changed. Approve it again; if it is refused again, tell Conduit’s support the word{' '}
      <code>{reason}</code>.
    </p>
  );
}
