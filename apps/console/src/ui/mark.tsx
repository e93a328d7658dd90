import mark from '#apps/console/src/mark.svg';

export function Mark() {
  return (
    <span className="mark">
      <img src={mark} alt="" width="28" height="28" />
      Conduit
    </span>
  );
}
