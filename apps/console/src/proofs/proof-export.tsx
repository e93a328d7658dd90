/** Records with their proofs as a file: from which day to which, the passkey, and how far the file reached. */
import { use, useState } from 'react';
import { dateThere, startOfDateMs } from '#libs/kernel/local-day.js';
import { exportProofs, type ProofPlace } from '#apps/console/src/api/proofs.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime, ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { saveFile } from '#apps/console/src/ui/save-file.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const DAYS_BACK = 30;
const DAY_MS = 86_400_000;
/** A file that ends so short a time ago ends because nothing younger was to be had. */
const YOUNG_MS = 60_000;

interface Span {
  from: string;
  to: string;
}

export interface ProofExportProps {
  place: ProofPlace;
  fileName: string;
  /** Whose records, as the dialog says it. */
  whose: string;
}

export function ProofExport(props: ProofExportProps) {
  const timeZone = use(ZoneContext);
  const [days, setDays] = useState(() => ({
    from: dateThere(Date.now() - DAYS_BACK * DAY_MS, timeZone),
    to: dateThere(Date.now(), timeZone),
  }));
  const [asked, setAsked] = useState<Span>();
  const [reached, setReached] = useState<Reach>();
  const span = spanOf(days, timeZone);
  return (
    <div className="stack">
      <div className="fields">
        <TextField
          label="From"
          type="date"
          value={days.from}
          onChange={(from) => setDays({ ...days, from })}
        />
        <TextField
          label="To"
          type="date"
          value={days.to}
          onChange={(to) => setDays({ ...days, to })}
          {...(span === undefined && { error: 'choose a day that is not before the first' })}
        />
      </div>
      <div className="cluster">
        <Button isDisabled={span === undefined} onPress={() => setAsked(span)}>
          Export with proofs
        </Button>
      </div>
      {reached && (
        <Reached {...reached} onRest={() => setAsked({ from: reached.until, to: reached.to })} />
      )}
      {asked && (
        <AskDialog
          {...props}
          span={asked}
          onReached={setReached}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}

/** Undefined: no days, or the second before the first. */
function spanOf(days: Span, timeZone: string): Span | undefined {
  const [from, to] = [startOfDateMs(days.from, timeZone), startOfDateMs(days.to, timeZone, 1)];
  if (from === undefined || to === undefined || from >= to) return undefined;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

interface Reach {
  until: string;
  to: string;
  isAll: boolean;
}

interface AskDialogProps extends ProofExportProps {
  span: Span;
  onReached: (reach: Reach) => void;
  onClose: () => void;
}

function AskDialog({ place, fileName, whose, span, onReached, onClose }: AskDialogProps) {
  return (
    <StepUpDialog
      title="Export with proofs?"
      deed="Export"
      action={{ type: 'proofs.export', ...place.named, ...span }}
      act={async (stepUp) => {
        const { content } = await exportProofs(place, { ...span, stepUp });
        saveFile(fileName, content);
        onReached(reachOf(await content.text(), span));
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        Every record {whose} from <DateTime value={span.from} /> to <DateTime value={span.to} />{' '}
        goes into a file on this computer, each with the proof of its place in the log. The export
        itself is recorded.
      </p>
    </StepUpDialog>
  );
}

/** The file says itself how far it reaches: what is younger than a few seconds is for the next one. */
function reachOf(text: string, { to }: Span): Reach {
  const { scope } = JSON.parse(text) as { scope: { to: string } };
  const isOfNow = Date.now() - Date.parse(scope.to) < YOUNG_MS;
  return { until: scope.to, to, isAll: isOfNow || scope.to === to };
}

function Reached({ until, isAll, onRest }: Reach & { onRest: () => void }) {
  if (isAll)
    return (
      <Notice tone="good" title="Saved">
        <p>
          The file reaches to <DateTime value={until} precision="second" />. Check it as is said
          below.
        </p>
      </Notice>
    );
  return (
    <Notice
      tone="warning"
      title="Saved, and there is more"
      action={<Button onPress={onRest}>Export the rest</Button>}
    >
      <p>
        One file holds up to 5,000 records. This one reaches to{' '}
        <DateTime value={until} precision="second" />; the next begins there.
      </p>
    </Notice>
  );
}
