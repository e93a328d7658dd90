/** A short word that something was done, that goes by itself. Never the only place of a message. */
import { Button } from 'react-aria-components/Button';
import { Text } from 'react-aria-components/Text';
import {
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components/Toast';

/** Long enough to read slowly, as WCAG's understanding of time limits asks. */
const SHOWN_MS = 8_000;

const queue = new ToastQueue<{ text: string }>({ maxVisibleToasts: 3 });

export const toast = (text: string): void => void queue.add({ text }, { timeout: SHOWN_MS });

export function Toasts() {
  return (
    <ToastRegion queue={queue} className="toasts" aria-label="Messages">
      {({ toast: shown }) => (
        <Toast toast={shown} className="toast">
          <ToastContent>
            <Text slot="title">{shown.content.text}</Text>
          </ToastContent>
          <Button slot="close" className="button button--quiet" aria-label="Dismiss">
            ×
          </Button>
        </Toast>
      )}
    </ToastRegion>
  );
}
