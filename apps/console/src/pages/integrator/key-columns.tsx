import type { ApiKey, KeyState, PairedSite } from '#libs/console-api/integrator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import type { Tone } from '#apps/console/src/ui/notice.js';
import { actsColumn, type Column } from '#apps/console/src/ui/table.js';

const states: Record<KeyState, { words: string; tone: Tone }> = {
  live: { words: 'Live', tone: 'good' },
  ending: { words: 'Being replaced', tone: 'warning' },
  expired: { words: 'Expired', tone: 'plain' },
  revoked: { words: 'Revoked', tone: 'plain' },
};

type Act = { act: 'rotate' | 'revoke'; key: ApiKey };

/** @param onAct absent: the person may only look */
export function keyColumns(
  sites: readonly PairedSite[],
  onAct: ((act: Act) => void) | undefined,
): Column<ApiKey>[] {
  const names = new Map(sites.map(({ siteId, name }) => [siteId, name]));
  const columns: Column<ApiKey>[] = [
    {
      key: 'name',
      label: 'Name',
      cell: ({ name, keyId }) => (
        <>
          <strong>{name}</strong>
          <div className="quiet">
            <code>{keyId}</code>
          </div>
        </>
      ),
    },
    {
      key: 'state',
      label: 'State',
      cell: ({ state }) => <Badge tone={states[state].tone}>{states[state].words}</Badge>,
    },
    {
      key: 'made',
      label: 'Made',
      cell: ({ createdAt }) => <DateTime value={createdAt} precision="day" />,
    },
    { key: 'ends', label: 'Ends', cell: endOf },
    {
      key: 'where',
      label: 'Sites',
      cell: ({ siteIds }) =>
        siteIds.map((siteId) => names.get(siteId) ?? siteId).join(', ') || 'All',
    },
    {
      key: 'from',
      label: 'Called from',
      cell: ({ addressRanges }) => addressRanges.join(', ') || 'Anywhere',
    },
  ];
  return onAct ? [...columns, actColumn(onAct)] : columns;
}

function endOf({ revokedAt, expiresAt }: ApiKey) {
  const end = revokedAt ?? expiresAt;
  return end === undefined ? 'Never' : <DateTime value={end} />;
}

const actColumn = (onAct: (act: Act) => void): Column<ApiKey> => ({
  ...actsColumn,
  cell: (key) =>
    (key.state === 'live' || key.state === 'ending') && (
      <span className="cluster">
        {key.state === 'live' && (
          <Button
            aria-label={`Replace ${key.name} ${key.keyId}`}
            onPress={() => onAct({ act: 'rotate', key })}
          >
            Replace
          </Button>
        )}
        <Button
          look="quiet"
          aria-label={`Revoke ${key.name} ${key.keyId}`}
          onPress={() => onAct({ act: 'revoke', key })}
        >
          Revoke
        </Button>
      </span>
    ),
});
