/** Rights that every object of a schema gets when it is created. */

export function grantsOn(place: string, reader: string, writer: string): string[] {
  return [
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${place} GRANT SELECT ON TABLES TO ${reader}, ${writer}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${place} GRANT INSERT, UPDATE, DELETE ON TABLES TO ${writer}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${place} GRANT USAGE ON SEQUENCES TO ${writer}`,
  ];
}
