import type { ReactNode } from 'react';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Notice } from '#apps/console/src/ui/notice.js';

export interface ShownOnceProps {
  title: string;
  /** The secret itself: it lives as long as this dialog. */
  text: string;
  /** For screen readers: what is copied, e.g. `the key`. */
  what: string;
  /** Where it belongs. */
  words?: string;
  children?: ReactNode;
  onClose: () => void;
}

const OF_SOFTWARE =
  'It is shown only this once. Keep it where your software keeps its secrets, not in its code.';

/** A secret that nobody can be shown again; Escape does not lose it. */
export function ShownOnce(props: ShownOnceProps) {
  const { title, text, what, words = OF_SOFTWARE, children, onClose } = props;
  return (
    <Dialog title={title} isOpen isAlert>
      <Notice tone="warning" title="Copy it now">
        {words}
      </Notice>
      <CodeLine text={text} what={what} />
      {children}
      <DialogActions>
        <Button look="main" onPress={onClose}>
          I have stored it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
