import { useState } from 'react';
import type { ActivityFilter } from '#libs/console-api/practice.js';
import type { ActionText } from '#libs/console-api/session.js';
import { exportActivity } from '#apps/console/src/api/practice.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { saveFile } from './save-file.js';

export interface ExportDialogProps {
  practiceId: string;
  filter: ActivityFilter;
  onClose: () => void;
}

type Format = 'csv' | 'json';

export function ExportDialog({ practiceId, filter, onClose }: ExportDialogProps) {
  const [format, setFormat] = useState<Format>('csv');
  const action: ActionText = { type: 'activity.export', practiceId, format, filter: { ...filter } };
  return (
    <StepUpDialog
      title="Export this list?"
      deed="Export"
      action={action}
      act={async (stepUp) => {
        const made = await exportActivity(practiceId, { format, filter, stepUp });
        saveFile(made.fileName, made.contentType, made.text);
        toast(
          made.isCut
            ? `Saved the newest ${made.entries.toLocaleString('en-AU')} entries; choose a shorter time for the rest`
            : `Saved ${made.entries.toLocaleString('en-AU')} entries`,
        );
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        Exactly what the filters show now goes into a file on this computer. The export itself is
        written into the activity.
      </p>
      <RadioGroup
        label="As"
        choices={[
          { value: 'csv', label: 'A table for a spreadsheet (CSV)' },
          { value: 'json', label: 'Data for a program (JSON)' },
        ]}
        value={format}
        onChange={(value) => setFormat(value as Format)}
      />
    </StepUpDialog>
  );
}
