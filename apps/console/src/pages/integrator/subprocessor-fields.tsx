import type { Subprocessor } from '#libs/console-api/integrator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

export interface SubprocessorFieldsProps {
  value: Subprocessor[];
  onChange: (value: Subprocessor[]) => void;
}

/** A line for each; a line without a name does not count. */
export function SubprocessorFields({ value, onChange }: SubprocessorFieldsProps) {
  const change = (at: number, changes: Partial<Subprocessor>) =>
    onChange(value.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return (
    <fieldset className="stack companies">
      <legend>Who else handles the data for you</legend>
      {value.map((one, index) => (
        // Lines have no other identity than their place.
        <div key={index} className="fields">
          <TextField
            label={`Company ${index + 1}`}
            value={one.name}
            onChange={(name) => change(index, { name })}
            maxLength={200}
          />
          <TextField
            label={`Country ${index + 1}`}
            value={one.country ?? ''}
            onChange={(country) => change(index, { country })}
            maxLength={2}
          />
          <TextField
            label={`What for ${index + 1}`}
            value={one.purpose ?? ''}
            onChange={(purpose) => change(index, { purpose })}
            maxLength={200}
          />
          <Button
            look="quiet"
            aria-label={`Remove company ${index + 1}`}
            onPress={() => onChange(value.filter((_, at) => at !== index))}
          >
            Remove
          </Button>
        </div>
      ))}
      <div>
        <Button onPress={() => onChange([...value, { name: '' }])}>Add a company</Button>
      </div>
    </fieldset>
  );
}
