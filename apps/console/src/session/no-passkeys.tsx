import { Notice } from '#apps/console/src/ui/notice.js';

/** What somebody can do whose browser cannot make or use passkeys. */
export function NoPasskeys() {
  return (
    <Notice tone="warning" title="This browser has no passkeys">
      <p>
        Conduit signs you in with a passkey in place of a password, and this browser can’t use one.
        Open this address in a current version of Edge, Chrome, Firefox or Safari; on an older
        computer, use your phone.
      </p>
      <p>Nothing is lost: an invitation still works until you have used it or it ends.</p>
    </Notice>
  );
}
