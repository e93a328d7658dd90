/** `npm start`: sets up what is missing, then hands over to start-conduit.ts. */
import { command, root, setUp } from './set-up.js';

await command(async () => {
  const wantsHelp = process.argv.includes('--help') || process.argv.includes('-h');
  const say = (line) => process.stdout.write(`  ${line} …\n`);
  if (!wantsHelp) process.stdout.write('Setting up\n');
  setUp(wantsHelp ? () => undefined : say, { redis: !wantsHelp });
  const { startCommand } = await import(`${root}dist/deploy/dev/start-command.js`);
  return startCommand(process.argv.slice(2));
});
