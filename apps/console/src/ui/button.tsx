import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaProps } from 'react-aria-components/Button';
import { ProgressBar } from 'react-aria-components/ProgressBar';
import { Link as RouterLink, type LinkProps } from 'react-router';

export interface ButtonProps extends Omit<AriaProps, 'className' | 'style' | 'children'> {
  children: ReactNode;
  /** `main` once a page; `danger` for what cannot be undone; `quiet` for what is beside the point. */
  look?: 'main' | 'plain' | 'danger' | 'quiet';
}

/** While `isPending`, it cannot be pressed again and says so. */
export function Button({ look = 'plain', children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={`button button--${look}`}>
      {rest.isPending && (
        <ProgressBar isIndeterminate aria-label="Working" className="loading__mark" />
      )}
      {children}
    </AriaButton>
  );
}

/** A link that looks like a button: for going somewhere, never for doing something. */
export function ButtonLink({
  look = 'plain',
  ...rest
}: Omit<LinkProps, 'className'> & Pick<ButtonProps, 'look'>) {
  return <RouterLink {...rest} className={`button button--${look}`} />;
}
