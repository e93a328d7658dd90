import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Button } from './button.js';

export interface MenuAct {
  id: string;
  label: string;
  onAct: () => void;
  isDanger?: boolean;
}

/** What else can be done with one thing; the first and most likely deed is a button of its own. */
export function Menu({ label, acts }: { label: string; acts: readonly MenuAct[] }) {
  return (
    <MenuTrigger>
      <Button look="quiet" aria-label={label}>
        <span aria-hidden="true">•••</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <AriaMenu className="list">
          {acts.map(({ id, label: name, onAct, isDanger }) => (
            <MenuItem
              key={id}
              id={id}
              onAction={onAct}
              className={isDanger ? 'list__item list__item--danger' : 'list__item'}
            >
              {name}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
