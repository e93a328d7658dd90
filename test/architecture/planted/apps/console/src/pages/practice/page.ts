export const page = 'practice';
