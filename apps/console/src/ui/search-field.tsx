import { useEffect, useState } from 'react';
import { TextField } from './text-field.js';

const TYPING_MS = 250;

export interface SearchFieldProps {
  /** What is looked through, e.g. `Part of its name`. */
  hint: string;
  /** What is being searched for. */
  value: string;
  onChange: (text: string) => void;
}

/** Asks once the typing rests. */
export function SearchField({ hint, value, onChange }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  // Something else was chosen to search for, or what was typed has been asked.
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return <TextField label="Search" hint={hint} value={text} onChange={setText} maxLength={100} />;
}
