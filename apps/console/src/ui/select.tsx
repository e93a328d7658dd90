import { Button } from 'react-aria-components/Button';
import { Label } from 'react-aria-components/Label';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { Select as AriaSelect, SelectValue } from 'react-aria-components/Select';
import { Text } from 'react-aria-components/Text';

export interface Option {
  value: string;
  label: string;
}

export interface SelectProps {
  label: string;
  /** The label is read out only: its meaning is plain from the place. */
  isLabelHidden?: boolean;
  hint?: string;
  options: readonly Option[];
  /** null: nothing is chosen. */
  value: string | null;
  onChange: (value: string) => void;
  isDisabled?: boolean;
}

/** One of a few. For two or three, radio buttons say more; for hundreds, a search does. */
export function Select(props: SelectProps) {
  const {
    label,
    isLabelHidden = false,
    hint,
    options,
    value,
    onChange,
    isDisabled = false,
  } = props;
  return (
    <AriaSelect
      className="field"
      value={value}
      isDisabled={isDisabled}
      placeholder="Choose"
      onChange={(key) => {
        if (key !== null) onChange(String(key));
      }}
      {...(isLabelHidden && { 'aria-label': label })}
    >
      {!isLabelHidden && <Label>{label}</Label>}
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      <Button className="field__input select__button">
        <SelectValue />
        <span className="select__arrow" aria-hidden="true" />
      </Button>
      <Popover className="popover">
        <ListBox className="list" items={options}>
          {(option) => (
            <ListBoxItem id={option.value} textValue={option.label} className="list__item">
              {option.label}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
