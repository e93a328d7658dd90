/** Whether a pause is in force at the practice's own server, by the server's own word. */
import type { Pause, PauseAtServer } from '#libs/console-api/practice.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';

export function PauseAtServers({ pause: { servers } }: { pause: Pause }) {
  return servers.map((server) => (
    <p className="quiet" key={server.siteNames.join()} role="status">
      {servers.length > 1 && `${server.siteNames.join(', ')}: `}
      <InForce server={server} />
    </p>
  ));
}

function InForce({ server: { since, isOnline } }: { server: PauseAtServer }) {
  if (since !== undefined) {
    return (
      <>
        In force at the practice’s server since <DateTime value={since} precision="second" />.
      </>
    );
  }
  if (isOnline) return 'The practice’s server has not confirmed it yet; Conduit tells it again.';
  return 'The practice’s server is off. It follows as soon as it is back; until then Conduit lets nothing through to anybody.';
}
