import type { ReactNode } from 'react';

/** Where there is nothing yet: says so, and what to do next. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <p className="empty__title">{title}</p>
      {children !== undefined && <p className="empty__words">{children}</p>}
      {action}
    </div>
  );
}
