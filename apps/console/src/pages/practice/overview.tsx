import { Empty } from '#apps/console/src/ui/empty.js';
import { Page } from '#apps/console/src/ui/page.js';

export default function Overview() {
  return (
    <Page title="Overview" lead="What is connected to your practice, and what it did today.">
      <Empty title="Nothing is connected yet">
        Software that wants to work with your practice shows up here once it asks for access.
      </Empty>
    </Page>
  );
}
