/** When a site is there to be missed: outside of it, that it is away is no outage. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OpeningHours, OpeningWindow } from '#libs/console-api/operator.js';
import { setHours } from '#apps/console/src/api/operator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Checkbox, CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';

const zones = [
  'Australia/Sydney',
  'Australia/Melbourne',
  'Australia/Brisbane',
  'Australia/Adelaide',
  'Australia/Darwin',
  'Australia/Perth',
  'Australia/Hobart',
  'Australia/Lord_Howe',
];
const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'].map(
  (label, index) => ({ value: String(index + 1), label }),
);
const usual: OpeningWindow = { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' };

export interface HoursDialogProps {
  site: { siteId: string; name: string; hours?: OpeningHours };
  onClose: () => void;
}

export function HoursDialog({ site, onClose }: HoursDialogProps) {
  const queries = useQueryClient();
  const [timeZone, setTimeZone] = useState(site.hours?.timeZone ?? 'Australia/Sydney');
  const [windows, setWindows] = useState(site.hours?.windows ?? []);
  const saved = () => {
    toast('Opening hours saved');
    void queries.invalidateQueries({ queryKey: ['operator'] });
    onClose();
  };
  const change = (index: number, part: Partial<OpeningWindow>) =>
    setWindows(windows.map((one, at) => (at === index ? { ...one, ...part } : one)));
  const isComplete = windows.every(({ days: chosen, from, to }) => chosen.length > 0 && from && to);
  return (
    <FormDialog
      title={`Opening hours of ${site.name}`}
      deed="Save"
      isDisabled={!isComplete}
      act={() => setHours(site.siteId, { timeZone, windows })}
      onDone={saved}
      onClose={onClose}
    >
      <Checkbox
        label="Alerts count at any hour"
        hint="Otherwise they count while it is open only: a clinic that shuts down at night is no outage."
        isSelected={windows.length === 0}
        onChange={(isAlways) => setWindows(isAlways ? [] : [usual])}
      />
      {windows.map((window, index) => (
        // Windows have no name but their place.
        <div key={index} className="stack">
          <CheckboxGroup
            label={windows.length > 1 ? `Days, ${index + 1}` : 'Days'}
            choices={days}
            value={window.days.map(String)}
            onChange={(chosen) => change(index, { days: chosen.map(Number).sort() })}
          />
          <div className="fields">
            <TextField
              label="Opens"
              type="time"
              value={window.from}
              onChange={(from) => change(index, { from })}
            />
            <TextField
              label="Closes"
              type="time"
              value={window.to}
              onChange={(to) => change(index, { to })}
            />
          </div>
          {windows.length > 1 && (
            <Button onPress={() => setWindows(windows.filter((_, at) => at !== index))}>
              Remove these hours
            </Button>
          )}
        </div>
      ))}
      {windows.length > 0 && (
        <>
          {windows.length < 7 && (
            <Button onPress={() => setWindows([...windows, { ...usual, days: [6] }])}>
              Add other hours
            </Button>
          )}
          <Select
            label="Time zone"
            options={[...new Set([timeZone, ...zones])].map((value) => ({ value, label: value }))}
            value={timeZone}
            onChange={setTimeZone}
          />
        </>
      )}
    </FormDialog>
  );
}
