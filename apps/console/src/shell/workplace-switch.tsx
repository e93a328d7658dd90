import { useNavigate } from 'react-router';
import { roleNames, type Workplace } from '#apps/console/src/session/workplaces.js';
import { Select } from '#apps/console/src/ui/select.js';

/** Which of a person's workplaces is on the screen; a choice only for who has several. */
export function WorkplaceSwitch({ places, here }: { places: Workplace[]; here: Workplace }) {
  const navigate = useNavigate();
  return (
    <div className="workplace">
      {places.length > 1 ? (
        <Select
          label="Workplace"
          isLabelHidden
          value={here.path}
          options={places.map(({ path, name }) => ({ value: path, label: name }))}
          onChange={(path) => void navigate(path)}
        />
      ) : (
        <p className="workplace__name">{here.name}</p>
      )}
      <p className="workplace__roles">{here.roles.map((role) => roleNames[role]).join(' · ')}</p>
    </div>
  );
}
