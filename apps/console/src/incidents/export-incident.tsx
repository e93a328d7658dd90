import { useState } from 'react';
import type { Incident } from '#libs/console-api/incidents.js';
import type { IncidentCalls, IncidentFormat } from '#apps/console/src/api/incidents.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { saveFile } from '#apps/console/src/ui/save-file.js';
import { toast } from '#apps/console/src/ui/toast.js';

export interface ExportIncidentProps {
  incident: Incident;
  calls: IncidentCalls;
}

export function ExportIncidentButton(props: ExportIncidentProps) {
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <Button onPress={() => setAsked(true)}>Export</Button>
      {isAsked && <ExportDialog {...props} onClose={() => setAsked(false)} />}
    </>
  );
}

function ExportDialog({ incident, calls, onClose }: ExportIncidentProps & { onClose: () => void }) {
  const [format, setFormat] = useState<IncidentFormat>('pdf');
  return (
    <StepUpDialog
      title="Export this incident?"
      deed="Export"
      action={{ type: 'incident.export', incidentId: incident.incidentId, format }}
      act={async (stepUp) => {
        const { name, content } = await calls.export(format, stepUp);
        saveFile(name, content);
        toast('Saved');
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        All of it goes into a file on this computer: evidence, decisions, statement, letters and
        what was done. That it left is recorded.
      </p>
      <RadioGroup
        label="As"
        choices={[
          { value: 'pdf', label: 'A document to read and to print (PDF)' },
          {
            value: 'json',
            label: 'Data for a program (JSON)',
            hint: 'Everything, to the finest count.',
          },
        ]}
        value={format}
        onChange={(value) => setFormat(value as IncidentFormat)}
      />
    </StepUpDialog>
  );
}
