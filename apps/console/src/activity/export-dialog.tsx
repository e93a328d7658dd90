import { useState } from 'react';
import {
  FILE_ENDS_EARLY,
  type ActivityFilter,
  type ActivityFormat,
} from '#libs/console-api/activity.js';
import type { ActionText } from '#libs/console-api/session.js';
import { exportActivity, type ActivityPlace } from '#apps/console/src/api/activity.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { saveFile } from '#apps/console/src/ui/save-file.js';
import { toast } from '#apps/console/src/ui/toast.js';

export interface ExportActivityProps {
  place: ActivityPlace;
  filter: ActivityFilter;
}

export function ExportActivityButton(props: ExportActivityProps) {
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <Button onPress={() => setAsked(true)}>Export</Button>
      {isAsked && <ExportDialog {...props} onClose={() => setAsked(false)} />}
    </>
  );
}

function ExportDialog({ place, filter, onClose }: ExportActivityProps & { onClose: () => void }) {
  const [format, setFormat] = useState<ActivityFormat>('csv');
  const action = { type: 'activity.export', ...place.named, format, filter: { ...filter } };
  return (
    <StepUpDialog
      title="Export this list?"
      deed="Export"
      action={action as ActionText}
      act={async (stepUp) => {
        const { name, content } = await exportActivity(place, { format, filter, stepUp });
        saveFile(name, content);
        toast((await endsEarly(content)) ? FILE_ENDS_EARLY : 'Saved');
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        Everything that fits the filters now goes into a file on this computer. The export itself is
        written into the activity.
      </p>
      <RadioGroup
        label="As"
        choices={[
          { value: 'csv', label: 'A table for a spreadsheet (CSV)' },
          { value: 'ndjson', label: 'Data for a program (NDJSON)' },
          { value: 'fhir', label: 'Audit events for a health record system (FHIR R4)' },
        ]}
        value={format}
        onChange={(value) => setFormat(value as ActivityFormat)}
      />
    </StepUpDialog>
  );
}

const LAST_LINE_BYTES = 1_024;

async function endsEarly(content: Blob): Promise<boolean> {
  return (await content.slice(-LAST_LINE_BYTES).text()).includes(FILE_ENDS_EARLY);
}
