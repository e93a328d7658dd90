/** Folders that the conduit's programs write to. */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted, type Sink } from '#test/prove/sink.js';
import { spooledPages, unpacked } from '#test/prove/waiting-canaries.js';
import { searchBytes, searchFolder } from '#test/support/leak-search.js';
import type { TestConduit } from '#test/support/start-conduit.js';

function folderSink(
  about: Pick<Sink, 'name' | 'words' | 'plant'>,
  folder: string,
  except: () => string[] = () => [],
): Sink {
  return {
    ...about,
    search: async (markers) => {
      const { filesRead, ...found } = await searchFolder(folder, markers, except());
      return { ...found, what: counted(filesRead, 'file') };
    },
  };
}

export function logs(conduit: TestConduit): Sink {
  const folder = conduit.conduit.path('logs');
  return folderSink(
    {
      name: 'logs',
      words: 'all log output of broker, agent, Redis and sandbox',
      plant: async (marker) =>
        appendFileSync(join(folder, 'broker.log'), Buffer.from(marker).toString('hex')),
    },
    folder,
  );
}

export function brokerFolder(conduit: TestConduit): Sink {
  const folder = conduit.conduit.path('broker');
  return folderSink(
    {
      name: 'broker-folder',
      words: "the broker's own folder (keys, certificates, embedded database)",
      plant: async (marker) => writeFileSync(join(folder, 'planted'), encodeURIComponent(marker)),
    },
    folder,
  );
}

export function agentFolder(conduit: TestConduit): Sink {
  const folder = conduit.conduit.agentFolder;
  return folderSink(
    {
      name: 'agent-folder',
      words: "the agent's folder at the practice (permissions, journal, identity)",
      plant: async (marker) =>
        writeFileSync(join(folder, 'planted'), Buffer.from(marker, 'utf16le')),
    },
    folder,
  );
}

/** Pages that do not fit elsewhere; unpacked as well, since a search for words sees no packed ones. */
export function spool(conduit: TestConduit): Sink {
  const folder = conduit.conduit.path('agent', 'spool');
  return {
    name: 'spool',
    words: "the agent's spool of results that wait to be fetched",
    search: async (markers) => {
      const { filesRead, ...found } = await searchFolder(folder, markers);
      const pages = unpacked(spooledPages(conduit));
      found.leaks.push(...searchBytes('an unpacked page of the spool', pages, markers));
      return { ...found, what: counted(filesRead, 'file') };
    },
    plant: async (marker) =>
      writeFileSync(join(folder, 'planted.page'), Buffer.from(`x${marker}`).toString('base64')),
  };
}

/** The folders of databases, which are searched elsewhere or are the PMS itself. */
export function databaseFolders(temporaryFolder: string): string[] {
  return readdirSync(temporaryFolder)
    .filter((name) => /^conduit-(?:pgdata|pg|postgres)-/.test(name))
    .map((name) => join(temporaryFolder, name));
}

/** @param except what is searched elsewhere */
export function temporaryFiles(folder: string, except: string[]): Sink {
  const others = () => [...except, ...databaseFolders(folder)];
  return folderSink(
    {
      name: 'temporary-files',
      words:
        'everything else that any part left in the folders for its state and for temporary files',
      plant: async (marker) =>
        writeFileSync(
          join(folder, 'planted'),
          JSON.stringify(marker).replace(/[^"]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
        ),
    },
    folder,
    others,
  );
}
