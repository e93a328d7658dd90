import type { ReactNode } from 'react';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { TextArea } from 'react-aria-components/TextArea';
import {
  TextField as AriaField,
  type TextFieldProps as AriaProps,
} from 'react-aria-components/TextField';

export interface TextFieldProps extends Omit<AriaProps, 'className' | 'style' | 'children'> {
  label: string;
  /** What to write, said before it is written. */
  hint?: ReactNode;
  /** What is wrong with what was written; goes with `isInvalid`. */
  error?: string;
  /** More than one line of text. */
  rows?: number;
  /** Codes and keys: every character counts. */
  isCode?: boolean;
}

export function TextField({ label, hint, error, rows, isCode = false, ...rest }: TextFieldProps) {
  const look = isCode ? 'field__input field__input--code' : 'field__input';
  return (
    <AriaField {...rest} isInvalid={rest.isInvalid ?? error !== undefined} className="field">
      <Label>{label}</Label>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      {rows === undefined ? <Input className={look} /> : <TextArea className={look} rows={rows} />}
      <FieldError className="field__error">{error}</FieldError>
    </AriaField>
  );
}
