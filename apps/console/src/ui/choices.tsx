/** Ticks and alternatives: one tick, several ticks under one question, one of a few. */
import type { ReactNode } from 'react';
import { Checkbox as AriaCheckbox } from 'react-aria-components/Checkbox';
import { CheckboxGroup as AriaCheckboxGroup } from 'react-aria-components/CheckboxGroup';
import { FieldError } from 'react-aria-components/FieldError';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup as AriaRadioGroup } from 'react-aria-components/RadioGroup';
import { Text } from 'react-aria-components/Text';

interface Choice {
  value: string;
  label: ReactNode;
  hint?: ReactNode;
  isDisabled?: boolean;
}

function Words({ label, hint }: { label: ReactNode; hint?: ReactNode }) {
  return (
    <span className="choice__words">
      <span>{label}</span>
      {hint !== undefined && <span className="field__hint">{hint}</span>}
    </span>
  );
}

export interface CheckboxProps {
  label: ReactNode;
  hint?: ReactNode;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  isDisabled?: boolean;
}

export function Checkbox({ label, hint, isDisabled = false, ...rest }: CheckboxProps) {
  return (
    <AriaCheckbox {...rest} isDisabled={isDisabled} className="choice">
      <span className="choice__box" aria-hidden="true" />
      <Words label={label} hint={hint} />
    </AriaCheckbox>
  );
}

export interface CheckboxGroupProps {
  label: string;
  hint?: ReactNode;
  error?: string;
  choices: readonly Choice[];
  value: string[];
  onChange: (value: string[]) => void;
}

export function CheckboxGroup(props: CheckboxGroupProps) {
  const { label, hint, error, choices, value, onChange } = props;
  return (
    <AriaCheckboxGroup
      className="field"
      value={value}
      onChange={onChange}
      isInvalid={error !== undefined}
    >
      <Label>{label}</Label>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      {choices.map((choice) => (
        <AriaCheckbox
          key={choice.value}
          value={choice.value}
          isDisabled={choice.isDisabled ?? false}
          className="choice"
        >
          <span className="choice__box" aria-hidden="true" />
          <Words label={choice.label} hint={choice.hint} />
        </AriaCheckbox>
      ))}
      <FieldError className="field__error">{error}</FieldError>
    </AriaCheckboxGroup>
  );
}

export interface RadioGroupProps {
  label: string;
  hint?: ReactNode;
  choices: readonly Choice[];
  /** null: nothing is chosen yet. */
  value: string | null;
  onChange: (value: string) => void;
}

export function RadioGroup({ label, hint, choices, value, onChange }: RadioGroupProps) {
  return (
    <AriaRadioGroup className="field" value={value} onChange={onChange}>
      <Label>{label}</Label>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      {choices.map((choice) => (
        <Radio
          key={choice.value}
          value={choice.value}
          isDisabled={choice.isDisabled ?? false}
          className="choice choice--one"
        >
          <span className="choice__box" aria-hidden="true" />
          <Words label={choice.label} hint={choice.hint} />
        </Radio>
      ))}
    </AriaRadioGroup>
  );
}
