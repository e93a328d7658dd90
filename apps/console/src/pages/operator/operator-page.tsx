/** A page of the operator's: live, and honest about it when it is not. */
import type { OperatorRole } from '#libs/console-api/session.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Page, type PageProps } from '#apps/console/src/ui/page.js';
import { useLive } from './use-live.js';
import './operator.css';

/** Signs of life are no changes that anybody is told of: they are asked for. */
export const REFRESH_MS = 20_000;

export function OperatorPage({ children, ...page }: PageProps) {
  const isLive = useLive();
  return (
    <Page {...page}>
      {!isLive && (
        <Notice tone="warning" title="Changes are not arriving just now">
          What you see may be old. The page tries again by itself.
        </Notice>
      )}
      {children}
    </Page>
  );
}

export function useHolds(role: OperatorRole): boolean {
  return useSignedIn().roles.some((held) => held.role === role);
}
