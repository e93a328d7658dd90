import { useState } from 'react';
import { Button } from './button.js';

const words = { idle: 'Copy', done: 'Copied', failed: 'Select the text and copy it' } as const;
const SAID_MS = 4_000;

/** @param what for screen readers: what is copied, e.g. `the pairing code` */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<keyof typeof words>('idle');
  const copy = async () => {
    const outcome = await navigator.clipboard.writeText(text).then(
      () => 'done' as const,
      () => 'failed' as const,
    );
    setState(outcome);
    setTimeout(() => setState('idle'), SAID_MS);
  };
  return (
    <>
      <Button onPress={() => void copy()} aria-label={`${words[state]} ${what}`}>
        {words[state]}
      </Button>
      <span className="unseen" role="status">
        {state === 'idle' ? '' : words[state]}
      </span>
    </>
  );
}

/** A code or a line to be taken elsewhere. */
export function CodeLine({ text, what }: { text: string; what: string }) {
  return (
    <div className="code-line">
      <code>{text}</code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
