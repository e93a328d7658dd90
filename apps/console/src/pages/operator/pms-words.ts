/** Practice software by the names that people know it by. */
export const pmsTypes = [
  { value: 'BestPractice', label: 'Best Practice' },
  { value: 'MedicalDirector', label: 'MedicalDirector' },
  { value: 'Zedmed', label: 'Zedmed' },
  { value: 'D4w', label: 'Dental4Windows' },
  { value: 'Sandbox', label: 'Sandbox clinic' },
];

export const pmsWords = (pmsType: string): string =>
  pmsTypes.find(({ value }) => value === pmsType)?.label ?? pmsType;
