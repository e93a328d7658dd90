import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import type { Declaration, Profile, Subprocessor } from '#libs/console-api/integrator.js';
import { declareProfile } from '#apps/console/src/api/integrator.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { fieldWords } from './field-words.js';
import { SubprocessorFields } from './subprocessor-fields.js';

type Texts = Record<
  | 'name'
  | 'abn'
  | 'contactName'
  | 'contactEmail'
  | 'contactPhone'
  | 'website'
  | 'countries'
  | 'retentionDays'
  | 'retention',
  string
>;

const textsOf = (profile: Profile): Texts => ({
  name: profile.name,
  abn: profile.abn ?? '',
  contactName: profile.contactName ?? '',
  contactEmail: profile.contactEmail ?? '',
  contactPhone: profile.contactPhone ?? '',
  website: profile.website ?? '',
  countries: profile.countries.join(', '),
  retentionDays: profile.retentionDays === undefined ? '' : String(profile.retentionDays),
  retention: profile.retention ?? '',
});

/** What is left empty is not declared. */
function declarationOf(texts: Texts, purposes: string[], others: Subprocessor[]): Declaration {
  const { name, abn, countries, retentionDays, ...rest } = texts;
  const given = Object.entries({ ...rest, abn: abn.replace(/\s/g, '') })
    .map(([field, text]) => [field, text.trim()] as const)
    .filter(([, text]) => text !== '');
  return {
    name: name.trim(),
    purposes,
    countries: countries
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean),
    subprocessors: others
      .filter((other) => other.name.trim() !== '')
      .map(({ name: who, country, purpose }) => ({
        name: who.trim(),
        ...(country?.trim() && { country: country.trim().toUpperCase() }),
        ...(purpose?.trim() && { purpose: purpose.trim() }),
      })),
    ...Object.fromEntries(given),
    ...(retentionDays.trim() !== '' && { retentionDays: Number(retentionDays) }),
  };
}

export interface ProfileFormProps {
  profile: Profile;
  onSaved: () => void;
  onClose: () => void;
}

export function ProfileForm({ profile, onSaved, onClose }: ProfileFormProps) {
  const [texts, setTexts] = useState(() => textsOf(profile));
  const [purposes, setPurposes] = useState(profile.purposes);
  const [others, setOthers] = useState(profile.subprocessors);
  const saving = useMutation({
    mutationFn: () => declareProfile(profile.integratorId, declarationOf(texts, purposes, others)),
    onSuccess: onSaved,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const wrong = saving.isError ? toProblem(saving.error).fields : [];
  const field = (name: keyof Texts) => ({
    label: fieldWords[name],
    value: texts[name],
    onChange: (value: string) => {
      setTexts((now) => ({ ...now, [name]: value }));
      // What was wrong may be right now; a field that is marked would hold the form back.
      if (saving.isError) saving.reset();
    },
    ...errorOf(wrong.find((one) => one.field.split('[')[0] === name)?.problem),
  });
  return (
    <Form className="stack" onSubmit={submit}>
      <TextField {...field('name')} isRequired maxLength={200} />
      <TextField {...field('abn')} hint="Eleven digits; they are checked." maxLength={20} />
      <TextField {...field('contactName')} hint="Whom a practice asks." maxLength={100} />
      <TextField {...field('contactEmail')} type="email" maxLength={254} />
      <TextField {...field('contactPhone')} type="tel" maxLength={30} />
      <TextField {...field('website')} hint="Begins with https://" type="url" maxLength={200} />
      <CheckboxGroup
        label="What you need data for"
        hint="Marketing can’t be permitted by anybody."
        choices={profile.purposeChoices.map(({ code, words }) => ({ value: code, label: words }))}
        value={purposes}
        onChange={setPurposes}
        {...errorOf(purposes.length === 0 ? 'Choose at least one.' : undefined)}
      />
      <TextField
        {...field('countries')}
        hint="Every country that data goes to, as two letters each, for example AU, NZ."
        isRequired
      />
      <SubprocessorFields value={others} onChange={setOthers} />
      <TextField
        {...field('retentionDays')}
        hint="At most. 0: you don’t keep it."
        inputMode="numeric"
        pattern="[0-9]*"
        maxLength={5}
      />
      <TextField
        {...field('retention')}
        hint="What you keep, why, and how it is deleted."
        rows={4}
        maxLength={1000}
      />
      {saving.isError && <ProblemNotice error={saving.error} />}
      <div className="cluster">
        <Button
          type="submit"
          look="main"
          isPending={saving.isPending}
          isDisabled={purposes.length === 0}
        >
          Save
        </Button>
        <Button look="quiet" onPress={onClose} isDisabled={saving.isPending}>
          Cancel
        </Button>
      </div>
    </Form>
  );
}

const errorOf = (error: string | undefined): { error?: string } =>
  error === undefined ? {} : { error };
