import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RetentionRuleView } from '#libs/console-api/retention.js';
import { changePeriod, retentionKey } from '#apps/console/src/api/retention.js';
import {
  daysOfYears,
  daysWords,
  kindWords,
  yearsOfDays,
} from '#apps/console/src/retention/retention-words.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { toast } from '#apps/console/src/ui/toast.js';

/** The schedule's own time, and whole years beyond it. */
function choicesOf({ days, longestDays = days }: RetentionRuleView) {
  const first = yearsOfDays(days);
  const years = Array.from({ length: yearsOfDays(longestDays) - first }, (_, n) => first + n + 1);
  return [
    { value: String(days), label: `${daysWords(days)}, as the schedule says` },
    ...years
      .map((count) => ({ days: daysOfYears(count), label: `${count} years` }))
      .filter((one) => one.days > days && one.days <= longestDays)
      .map((one) => ({ value: String(one.days), label: one.label })),
  ];
}

/** Keeping a kind of record longer than the schedule says, or as long again. */
export function PeriodDialog(props: {
  practiceId: string;
  rule: RetentionRuleView;
  onClose: () => void;
}) {
  const { practiceId, rule, onClose } = props;
  const { kind } = rule;
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(String(rule.ownDays ?? rule.days));
  const days = Number(chosen);
  return (
    <StepUpDialog
      title={`Keep longer: ${kindWords[kind]}`}
      deed="Save"
      action={{ type: 'retention.change', practiceId, kind, days }}
      act={(stepUp) => changePeriod(practiceId, { kind, days, stepUp })}
      onDone={() => {
        toast('Saved');
        void queries.invalidateQueries({ queryKey: retentionKey({ practiceId }) });
        onClose();
      }}
      onClose={onClose}
    >
      <p>Of your practice alone. It can’t be shorter than the schedule.</p>
      <Select
        label={`How long after ${rule.from}?`}
        options={choicesOf(rule)}
        value={chosen}
        onChange={setChosen}
      />
    </StepUpDialog>
  );
}
