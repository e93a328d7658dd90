/** What practices see of the integrator before they decide, and what changed when. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Profile as ProfileView } from '#libs/console-api/integrator.js';
import { readProfile } from '#apps/console/src/api/integrator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts, type Fact } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { countryName, spacedAbn } from '#apps/console/src/ui/declared-words.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { fieldWords } from './field-words.js';
import { ProfileForm } from './profile-form.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

export default function Profile() {
  const integratorId = useIntegratorId();
  const isAdmin = useIsAdmin();
  const queries = useQueryClient();
  const [isEditing, setEditing] = useState(false);
  const key = ['integrator', integratorId, 'profile'];
  const profile = useQuery({ queryKey: key, queryFn: () => readProfile(integratorId) });
  const saved = () => {
    setEditing(false);
    toast('Saved. Practices see it from now on.');
    void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  };
  return (
    <Page
      title="Profile"
      lead="What every practice reads before it decides about you."
      actions={
        isAdmin &&
        !isEditing &&
        profile.data && (
          <Button look="main" onPress={() => setEditing(true)}>
            Change
          </Button>
        )
      }
    >
      {profile.isPending && <Loading />}
      {profile.isError && <ProblemNotice error={profile.error} />}
      {profile.data && isEditing && (
        <ProfileForm profile={profile.data} onSaved={saved} onClose={() => setEditing(false)} />
      )}
      {profile.data && !isEditing && <Declared profile={profile.data} />}
    </Page>
  );
}

function Declared({ profile }: { profile: ProfileView }) {
  return (
    <>
      {profile.missing.length > 0 && (
        <Notice tone="warning" title="Practices miss something">
          Not declared yet: {profile.missing.map((field) => fieldWords[field]).join(', ')}.
        </Notice>
      )}
      <Facts facts={factsOf(profile)} />
      <Section
        title="Changes"
        lead="Kept, so that a practice can ask what you said when it agreed."
      >
        <Table
          caption="Changes of the profile"
          columns={changeColumns}
          rows={profile.changes}
          rowKey={({ changedAt }) => changedAt}
          empty={<Empty title="Nothing has changed yet" />}
        />
      </Section>
    </>
  );
}

function factsOf(profile: ProfileView): Fact[] {
  const words = new Map(profile.purposeChoices.map((choice) => [choice.code, choice.words]));
  const { retentionDays: days } = profile;
  const contact = [profile.contactName, profile.contactEmail, profile.contactPhone];
  const subprocessors = profile.subprocessors.map(({ name, country, purpose }) =>
    [name, country && countryName(country), purpose].filter(Boolean).join(', '),
  );
  return [
    { label: fieldWords.name, value: profile.name },
    {
      label: fieldWords.abn,
      value: profile.abn === undefined ? 'Not declared' : spacedAbn(profile.abn),
    },
    { label: 'Contact', value: contact.filter(Boolean).join(', ') || 'Not declared' },
    { label: fieldWords.website, value: profile.website ?? 'Not declared' },
    {
      label: fieldWords.purposes,
      value: profile.purposes.map((code) => words.get(code) ?? code).join(', '),
    },
    { label: 'Data goes to', value: profile.countries.map(countryName).join(', ') },
    { label: fieldWords.subprocessors, value: subprocessors.join('; ') || 'None' },
    { label: 'Data is kept', value: days === undefined ? 'Not declared' : daysWords(days) },
    { label: fieldWords.retention, value: profile.retention ?? 'Not declared' },
  ];
}

const daysWords = (days: number): string =>
  days === 0 ? 'Not at all' : days === 1 ? 'At most 1 day' : `At most ${days} days`;

const changeColumns: Column<ProfileView['changes'][number]>[] = [
  { key: 'at', label: 'When', cell: ({ changedAt }) => <DateTime value={changedAt} /> },
  { key: 'by', label: 'Who', cell: ({ byName }) => byName ?? 'Somebody who has left' },
  {
    key: 'what',
    label: 'What',
    cell: ({ fields }) => fields.map((field) => fieldWords[field]).join(', '),
  },
];
