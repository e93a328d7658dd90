/**
 * A short word that something was done, and where it can be, a way to take it back. It goes by itself:
 * it is never the only place of a message.
 */
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

interface Word {
  text: string;
  undo: (() => void) | undefined;
}

const queue = new ToastQueue<Word>({ maxVisibleToasts: 3 });

export const toast = (text: string, undo?: () => void): void =>
  void queue.add({ text, undo }, { timeout: SHOWN_MS });

export function Toasts() {
  return (
    <ToastRegion queue={queue} className="toasts" aria-label="Messages">
      {({ toast: shown }) => (
        <Toast toast={shown} className="toast">
          <ToastContent>
            <Text slot="title">{shown.content.text}</Text>
          </ToastContent>
          {shown.content.undo && (
            <Button
              className="button"
              onPress={() => {
                shown.content.undo?.();
                queue.close(shown.key);
              }}
            >
              Undo
            </Button>
          )}
          <Button slot="close" className="button button--quiet" aria-label="Dismiss">
            ×
          </Button>
        </Toast>
      )}
    </ToastRegion>
  );
}
