import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components/Tabs';

export interface TabPart {
  id: string;
  label: string;
  content: ReactNode;
}

/** Parts of one thing, one shown at a time. */
export function Tabs({ label, parts }: { label: string; parts: readonly TabPart[] }) {
  return (
    <AriaTabs>
      <TabList className="tabs__list" aria-label={label}>
        {parts.map(({ id, label: name }) => (
          <Tab key={id} id={id} className="tab">
            {name}
          </Tab>
        ))}
      </TabList>
      {parts.map(({ id, content }) => (
        <TabPanel key={id} id={id} className="tab__panel">
          {content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
