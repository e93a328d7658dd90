import { useQuery } from '@tanstack/react-query';
import { readProfile } from '#apps/console/src/api/integrator.js';
import { Select } from '#apps/console/src/ui/select.js';
import { countryName } from '#apps/console/src/ui/declared-words.js';
import { useIntegratorId } from './use-integrator.js';

/** Nothing is said: enough where one country is declared, or addresses tell which. */
export const ANY_COUNTRY = 'any';

export interface CountryChoiceProps {
  value: string;
  onChange: (country: string) => void;
}

/** One of the countries that practices were told of. */
export function CountryChoice({ value, onChange }: CountryChoiceProps) {
  const integratorId = useIntegratorId();
  const profile = useQuery({
    queryKey: ['integrator', integratorId, 'profile'],
    queryFn: () => readProfile(integratorId),
  });
  const countries = profile.data?.countries ?? [];
  return (
    <Select
      label="Country"
      hint="Where its computers are. Only countries that your profile declares; nothing is sent elsewhere. Where it declares several, say which."
      options={[
        { value: ANY_COUNTRY, label: 'Not said' },
        ...countries.map((code) => ({ value: code, label: countryName(code) })),
      ]}
      value={value}
      onChange={onChange}
    />
  );
}
