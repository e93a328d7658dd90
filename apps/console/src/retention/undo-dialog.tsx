/** Undoing what is planned to be destroyed: it stays for now. */
import { useQueryClient } from '@tanstack/react-query';
import { UNDONE_DAYS, type UndoDestructionRequest } from '#libs/console-api/retention.js';
import {
  retentionKey,
  undoDestruction,
  type RetentionPlace,
} from '#apps/console/src/api/retention.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { countWords, kindWords } from './retention-words.js';

export interface UndoDialogProps {
  place: RetentionPlace;
  plans: UndoDestructionRequest;
  records: number;
  /** Whose, on the operator's page. */
  whose?: string;
  onClose: () => void;
}

export function UndoDialog({ place, plans, records, whose, onClose }: UndoDialogProps) {
  const queries = useQueryClient();
  return (
    <FormDialog
      title={`Keep what was to go: ${kindWords[plans.kind]}?`}
      deed="Keep them"
      act={() => undoDestruction(place, plans)}
      onDone={({ gone }) => {
        toast(gone > 0 ? `Kept. ${countWords(gone)} had gone before` : 'They are kept');
        void queries.invalidateQueries({ queryKey: retentionKey(place) });
        onClose();
      }}
      onClose={onClose}
    >
      <p>
        {countWords(records)}
        {whose !== undefined && ` of ${whose}`} stay for now. They are planned again in{' '}
        {UNDONE_DAYS} days at the earliest.
      </p>
      <p className="quiet">To keep something for good, place a hold or keep it longer.</p>
    </FormDialog>
  );
}
