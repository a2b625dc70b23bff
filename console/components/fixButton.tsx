import { Link } from 'wouter';
import type { Fix } from '../../shared/console/fixes.ts';
import { CommandLine } from './commandLine.tsx';
import { ResumeButton } from './providerCommands.tsx';
import { ProviderKeyButton } from './providerKey.tsx';

interface FixButtonProps {
  readonly fix: Fix;
  /** What the doctor advises. It is shown above a command. */
  readonly advice: string;
}

/** What can be done about a finding: a button, a way to where it is done, or a command to paste. */
export function FixButton({ fix, advice }: FixButtonProps) {
  switch (fix.kind) {
    case 'resume':
      return <ResumeButton provider={fix.provider} />;
    case 'key':
      return <ProviderKeyButton provider={fix.provider} />;
    case 'letters':
      return <Link href={`/letters#${fix.queue}`}>See the reasons</Link>;
    case 'batch':
      return <Link href={`/batches/${encodeURIComponent(fix.batchId)}`}>Open {fix.batchId}</Link>;
    case 'batches':
      return fix.provider === undefined ? (
        <Link href="/batches?status=open">Open the batches</Link>
      ) : (
        <Link href={`/batches?status=open&provider=${encodeURIComponent(fix.provider)}`}>
          Open its batches
        </Link>
      );
    case 'command':
      return (
        <div className="paste">
          <p className="dim">{advice}</p>
          <CommandLine text={fix.text} />
        </div>
      );
  }
}
