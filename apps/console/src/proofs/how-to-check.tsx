import { Section } from '#apps/console/src/ui/page.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';

export interface HowToCheckProps {
  fileName: string;
  /** As the broker says it; absent: the reader has kept one. */
  verifierKey?: string;
  /** The practice has a server with a log of its own. */
  hasServer?: boolean;
}

const KEPT_KEY = 'THE KEY YOU KEPT';

/** Checking takes nothing of ours: the steps, to be copied. */
export function HowToCheck({ fileName, verifierKey, hasServer = false }: HowToCheckProps) {
  const own = hasServer ? ' --export own-log.json' : '';
  const check = `node conduit-audit-verify.mjs --export ${fileName}${own} --key '${verifierKey ?? KEPT_KEY}'`;
  return (
    <Section
      title="Check it yourself"
      lead="On any computer with Node 20.12 or newer, without a connection and without us."
    >
      <ol className="steps">
        <li>
          <p>
            Get the checker once. It is one file, made from Conduit’s public source code. Take it
            from there or from somebody you trust, not from whoever gave you the records.
          </p>
          <CodeLine
            text="npm run audit:build -- conduit-audit-verify.mjs"
            what="the line that makes the checker"
          />
        </li>
        {hasServer && (
          <li>
            <p>
              On the practice’s server, take out its own log too. With both, the checker also tells
              whether each query that Conduit passed on was run there, and the reverse.
            </p>
            <CodeLine
              text="conduit-agent audit export --out own-log.json --since 30d"
              what="the line that takes out the server’s log"
            />
          </li>
        )}
        <li>
          <p>
            Check the file. {keyWords(verifierKey)} In a copy of the source,{' '}
            <code>npm run audit:verify -- …</code> does the same.
          </p>
          <CodeLine text={check} what="the line that checks it" />
        </li>
        <li>
          <p>
            Read what it prints: one line for each thing it found. It ends with 0 when nothing is
            wrong, with 1 when something is.
          </p>
        </li>
      </ol>
    </Section>
  );
}

const keyWords = (verifierKey: string | undefined): string =>
  verifierKey === undefined
    ? 'The key is that of Conduit’s log, which you fetched from /audit/key when you began and have kept; without --key the file’s own is taken, and that is said.'
    : 'Compare the key with the one you have kept: a forger would send his own.';
