/** A page's frame: its name, one sentence on what it is for, what can be done, then its content. */
import { useEffect, useRef, type ReactNode } from 'react';
import { useNavigationType } from 'react-router';

export interface PageProps {
  title: string;
  /** One idea, one sentence. */
  lead?: ReactNode;
  /** Buttons that concern the whole page. */
  actions?: ReactNode;
  /** For tables that need all the room there is. */
  wide?: boolean;
  children?: ReactNode;
}

export function Page({ title, lead, actions, wide = false, children }: PageProps) {
  return (
    <article className={wide ? 'page page--wide' : 'page'}>
      <header className="page__head">
        <div className="page__words">
          <PageTitle title={title} />
          {lead !== undefined && <p className="page__lead">{lead}</p>}
        </div>
        {actions !== undefined && <div className="page__actions">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

/** After a step to another page its heading has the focus, so that a screen reader begins there. */
export function PageTitle({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const cameBy = useNavigationType();
  useEffect(() => {
    if (cameBy !== 'POP') heading.current?.focus();
  }, [cameBy]);
  return (
    <>
      <title>{`${title} · Conduit`}</title>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
    </>
  );
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="section">
      <h2>{title}</h2>
      {lead !== undefined && <p className="section__lead">{lead}</p>}
      {children}
    </section>
  );
}
