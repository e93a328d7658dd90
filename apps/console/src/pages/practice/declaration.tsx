/** Who is asking, in the integrator's own words: said to be so, and marked as said. */
import type { IntegratorDeclaration } from '#libs/console-api/practice.js';
import { Facts, type Fact } from '#apps/console/src/ui/facts.js';
import { Section } from '#apps/console/src/ui/page.js';

const countries = new Intl.DisplayNames(['en-AU'], { type: 'region' });
const nameOf = (code: string): string => {
  try {
    return countries.of(code) ?? code;
  } catch {
    return code;
  }
};

const spacedAbn = (abn: string): string =>
  abn.replace(/^(\d{2})(\d{3})(\d{3})(\d{3})$/, '$1 $2 $3 $4');

const NOTHING = <span className="quiet">Not declared</span>;

export function Declaration({ declared }: { declared: IntegratorDeclaration }) {
  const { abn, contactName, contactEmail, contactPhone, website, retention } = declared;
  const contact = [contactName, contactEmail, contactPhone].filter((part) => part !== undefined);
  const facts: Fact[] = [
    { label: 'Company', value: <strong>{declared.name}</strong> },
    { label: 'ABN', value: abn === undefined ? NOTHING : spacedAbn(abn) },
    { label: 'Contact', value: contact.length === 0 ? NOTHING : contact.join(' · ') },
    ...(website === undefined ? [] : [{ label: 'Website', value: website }]),
    {
      label: 'Uses the data for',
      value:
        declared.purposes.length === 0
          ? NOTHING
          : declared.purposes.map(({ words }) => words).join('; '),
    },
    {
      label: 'Data goes to',
      value: declared.countries.length === 0 ? NOTHING : declared.countries.map(nameOf).join(', '),
    },
    {
      label: 'Others who handle it',
      value:
        declared.subprocessors.length === 0
          ? 'None declared'
          : declared.subprocessors
              .map(({ name, country, purpose }) =>
                [name, country && nameOf(country), purpose].filter(Boolean).join(', '),
              )
              .join('; '),
    },
    { label: 'Keeps it for', value: retention ?? NOTHING },
  ];
  return (
    <Section
      title="Who is asking"
      lead="This is what the company declares. Do you know it? If not, call a number that you have from elsewhere."
    >
      <div className="panel">
        <Facts facts={facts} />
      </div>
    </Section>
  );
}
