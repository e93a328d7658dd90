/** Lines to copy into a terminal or a file; they run as they are. */
import { useState } from 'react';
import { CopyButton } from '#apps/console/src/ui/copy-button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { Tabs } from '#apps/console/src/ui/tabs.js';
import { settings, snippets } from './snippet-texts.js';
import { useHome, useSites } from './use-integrator.js';

export default function Snippets() {
  const home = useHome();
  const sites = useSites();
  const [chosen, setChosen] = useState<string | null>(null);
  const siteId = chosen ?? sites.data?.[0]?.siteId ?? '';
  return (
    <Page
      title="Snippets"
      lead="Copy the first one, paste your key when it asks, then copy any of the others."
    >
      {(home.isPending || sites.isPending) && <Loading />}
      {home.isError && <ProblemNotice error={home.error} />}
      {sites.data?.length === 0 && (
        <Empty title="No site yet">
          Redeem a pairing code with the snippet below; the site’s id then stands here.
        </Empty>
      )}
      {(sites.data?.length ?? 0) > 1 && (
        <Select
          label="Site"
          options={(sites.data ?? []).map((site) => ({ value: site.siteId, label: site.name }))}
          value={siteId}
          onChange={setChosen}
        />
      )}
      {home.data && (
        <Section
          title="First, once"
          lead="The key is asked for, so that it stays out of the shell’s history."
        >
          <Text text={settings(home.data.apiOrigin, siteId)} title="First, once" kind="shell" />
        </Section>
      )}
      {snippets.map(({ title, words, curl, node }) => (
        <Section key={title} title={title} lead={words}>
          <Tabs
            label={title}
            parts={[
              {
                id: 'curl',
                label: 'curl',
                content: <Text text={curl} title={title} kind="curl" />,
              },
              {
                id: 'node',
                label: 'Node',
                content: <Text text={node} title={title} kind="node" />,
              },
            ]}
          />
        </Section>
      ))}
    </Page>
  );
}

function Text({ text, title, kind }: { text: string; title: string; kind: string }) {
  return (
    <div className="snippet">
      <div className="spread">
        <span className="quiet">
          {kind === 'node'
            ? 'Save as a file that ends in .mjs and run it with node'
            : 'In a terminal'}
        </span>
        <CopyButton text={text} what={`the snippet: ${title}`} />
      </div>
      <pre tabIndex={0} role="region" aria-label={`${title}, ${kind}`}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
