import { basename, delimiter, dirname, relative, resolve } from 'node:path';
import { type ConnectionOptions, DEFAULT_STACK } from './connect.ts';

/** How this program is named in texts, whoever writes them. */
export const PROGRAM = 'batch-handler';

/** The options and arguments that may follow a command in a text. Other words do not belong to it. */
const ARGUMENT =
  '(?:add|show|watch|results|cancel|retry|redeliver|remove|pause|resume|key|keys revoke|keys) [^\\s,;:()]*[\\w-]';
const OPTION =
  ' --(?:(?:queue|status|provider|limit|problems|out) [^\\s;:()]*\\w|errors|html|rows|wait|yes|json|help)(?![\\w-])';
const COMMAND = new RegExp(`\\b${PROGRAM} (?:${ARGUMENT}|[a-z]+|--help)(?:${OPTION})*`, 'g');
/** A command of the AWS CLI that reaches the region. */
const AWS_COMMAND = /\baws (?=(?:cloudformation|dynamodb|logs|s3|secretsmanager|sqs) [a-z])/g;

/**
 * Completes the commands in a text, so that they can be pasted: they call this program as it was
 * called, and name the same handler, region and profile.
 *
 * @param program as the user called it
 */
export function pasteable(
  text: string,
  program: string,
  options: Partial<ConnectionOptions>,
): string {
  const { stack, handler, region, profile, local, runtime } = options;
  const access = words(['--region', region], ['--profile', profile]);
  const isLocal = local !== undefined;
  const directory = local === true || local === '.local' ? '' : ` ${quoted(local ?? '')}`;
  const inAws = isLocal
    ? `${words(['--handler', handler])} --local${directory}`
    : words(['--stack', stack === DEFAULT_STACK ? undefined : stack], ['--handler', handler]) +
      access;
  const suffix =
    options.directory === undefined
      ? inAws + words(['--runtime', runtime])
      : words(['--directory', options.directory]);
  return text
    .replace(COMMAND, (command) => {
      const rest = command.slice(PROGRAM.length);
      return `${program}${rest}${rest.endsWith('--help') ? '' : suffix}`;
    })
    .replace(AWS_COMMAND, () => (isLocal ? 'aws ' : `aws${access} `));
}

function words(...options: readonly (readonly [string, string | undefined])[]): string {
  return options
    .map(([name, value]) => (value === undefined ? '' : ` ${name} ${quoted(value)}`))
    .join('');
}

/** A word for the shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * How the user called this program, as far as it can be told.
 *
 * @param script the path of the script that runs
 */
export function programName(script: string, env: NodeJS.ProcessEnv, cwd: string): string {
  const { BATCH_HANDLER_PROGRAM: named } = env;
  if (named !== undefined) return namedAs(named, env, cwd);
  if (env.npm_lifecycle_event === 'cli') return 'npm run -s cli --';
  if (env.npm_command === 'exec') return `npx ${PROGRAM}`;
  if (/^main\.[jt]s$/.test(basename(script)))
    return `node ${quoted(relative(cwd, script) || script)}`;
  return namedAs(script, env, cwd);
}

/** A program by its name if the shell finds it by that, else by its path. */
function namedAs(path: string, { PATH = '' }: NodeJS.ProcessEnv, cwd: string): string {
  const directory = dirname(resolve(cwd, path));
  if (PATH.split(delimiter).includes(directory)) return basename(path);
  const near = relative(cwd, resolve(cwd, path));
  return quoted(near.includes('/') ? near : `./${near}`);
}
