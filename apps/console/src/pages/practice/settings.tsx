import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PracticeOverview } from '#libs/console-api/practice.js';
import { changeProfile } from '#apps/console/src/api/practice.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Select } from '#apps/console/src/ui/select.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { ClosedDays } from './closed-days.js';
import { PracticePage, useOverview } from './practice-page.js';
import { UpdateWindows } from './update-window.js';

const zones = [
  ['Australia/Sydney', 'New South Wales, ACT (Sydney)'],
  ['Australia/Melbourne', 'Victoria (Melbourne)'],
  ['Australia/Brisbane', 'Queensland (Brisbane)'],
  ['Australia/Adelaide', 'South Australia (Adelaide)'],
  ['Australia/Darwin', 'Northern Territory (Darwin)'],
  ['Australia/Perth', 'Western Australia (Perth)'],
  ['Australia/Hobart', 'Tasmania (Hobart)'],
  ['Australia/Broken_Hill', 'Broken Hill'],
  ['Australia/Eucla', 'Eucla'],
  ['Australia/Lord_Howe', 'Lord Howe Island'],
  ['Pacific/Norfolk', 'Norfolk Island'],
  ['Indian/Christmas', 'Christmas Island'],
  ['Indian/Cocos', 'Cocos (Keeling) Islands'],
] as const;

export default function Settings() {
  const overview = useOverview();
  return (
    <PracticePage
      title="Settings"
      lead="Times are shown by the practice’s own clock, to everybody."
    >
      {overview.isPending && <Loading />}
      {overview.isError && !overview.data && <ProblemNotice error={overview.error} />}
      {overview.data && (
        <>
          <TimeZone overview={overview.data} />
          <ClosedDays overview={overview.data} />
          <UpdateWindows practiceId={overview.data.practiceId} />
        </>
      )}
    </PracticePage>
  );
}

function TimeZone({ overview: { practiceId, timeZone } }: { overview: PracticeOverview }) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(timeZone);
  const change = useMutation({
    mutationFn: () => changeProfile(practiceId, { timeZone: chosen }),
    onSuccess: async () => {
      toast('Saved');
      await queries.invalidateQueries({ queryKey: ['practice', practiceId] });
    },
  });
  const options = zones.map(([value, label]) => ({
    value: value as string,
    label: label as string,
  }));
  const known = options.some(({ value }) => value === timeZone)
    ? options
    : [...options, { value: timeZone, label: timeZone }];
  return (
    <div className="stack">
      <Select label="Time zone" options={known} value={chosen} onChange={setChosen} />
      {change.isError && <ProblemNotice error={change.error} />}
      <div className="cluster">
        <Button
          look="main"
          isDisabled={chosen === timeZone}
          isPending={change.isPending}
          onPress={() => change.mutate()}
        >
          Save
        </Button>
      </div>
    </div>
  );
}
