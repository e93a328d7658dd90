/** Who is asking, in the integrator's own words: said to be so, and marked as said. */
import type { IntegratorDeclaration } from '#libs/console-api/practice.js';
import { countryName, spacedAbn } from '#apps/console/src/ui/declared-words.js';
import { Facts, type Fact } from '#apps/console/src/ui/facts.js';
import { Section } from '#apps/console/src/ui/page.js';

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
      value:
        declared.countries.length === 0 ? NOTHING : declared.countries.map(countryName).join(', '),
    },
    {
      label: 'Others who handle it',
      value:
        declared.subprocessors.length === 0
          ? 'None declared'
          : declared.subprocessors
              .map(({ name, country, purpose }) =>
                [name, country && countryName(country), purpose].filter(Boolean).join(', '),
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
