import type { Command, Option } from 'commander';
import { QUEUE_NAMES } from '../shared/batch/clientPorts.ts';
import { STATUSES } from '../shared/batch/status.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes commands, options, their values and files. It starts no program. */
export function completionScript(shell: Shell, name: string, commands: readonly Command[]): string {
  return SCRIPTS[shell](name, commands.map(describe));
}

interface CompletedOption {
  /** With its dashes. */
  readonly flag: string;
  readonly description: string;
  /** What is completed after it. Undefined for a switch. */
  readonly value: Value | undefined;
}

type Value = 'any' | 'file' | 'directory' | readonly string[];

interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly takesFiles: boolean;
  /** The words that may follow it: the names of its own commands. */
  readonly words: readonly string[];
  readonly options: readonly CompletedOption[];
}

const VALUES: Readonly<Record<string, Value>> = {
  '--out': 'file',
  '--local': 'directory',
  '--directory': 'directory',
  '--runtime': 'file',
  '--status': [...STATUSES, 'open'],
  '--queue': QUEUE_NAMES,
};

function describe(command: Command): CompletedCommand {
  const takesFiles = command.registeredArguments.some((each) => each.name() === 'files');
  return {
    name: command.name(),
    description: command.description(),
    takesFiles: takesFiles || command.name() === 'local',
    words: command.commands.map((each) => each.name()),
    options: [
      ...optionsOf(command).map(completed),
      { flag: '--help', description: 'display help for command', value: undefined },
    ],
  };
}

/** The options of a command, and those of its own commands, each once. */
function optionsOf({ options, commands }: Command): readonly Option[] {
  const all = [...options, ...commands.flatMap((each) => each.options)];
  return [...new Map(all.map((option) => [option.long, option])).values()];
}

function completed(option: Option): CompletedOption {
  const { long, short, description, required, optional, argChoices } = option;
  const flag = long ?? short ?? '';
  const takesValue = required || optional;
  return {
    flag,
    description,
    value: takesValue ? (argChoices ?? VALUES[flag] ?? 'any') : undefined,
  };
}

const SCRIPTS: Readonly<
  Record<Shell, (name: string, commands: readonly CompletedCommand[]) => string>
> = { bash: bashScript, zsh: zshScript, fish: fishScript };

const PROGRAM_OPTIONS = ['--help', '--version'];

function functionOf(name: string): string {
  return `_${name.replaceAll('-', '_')}`;
}

/** Runs on the bash 3.2 of macOS, too. */
function bashScript(name: string, commands: readonly CompletedCommand[]): string {
  const names = commands.map((command) => command.name);
  const values = commands.flatMap((command) =>
    command.options.flatMap(({ flag, value }) =>
      value === undefined ? [] : [`    "${command.name} ${flag}") ${bashValue(name, value)} ;;`],
    ),
  );
  const options = commands.map(
    ({ name: command, options: of, words, takesFiles }) =>
      `    ${command}) options='${of.map(({ flag }) => flag).join(' ')}' words='${words.join(' ')}'${takesFiles ? ' files=yes' : ''} ;;`,
  );
  return `# bash completion of ${name}: add to ~/.bashrc
#   source <(${name} completion bash)
${functionOf(name)}_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do
    # Bash 3 has no compopt, and would insert a name as it is.
    if ! type compopt >/dev/null 2>&1; then printf -v file %q "$file"; fi
    COMPREPLY[\${#COMPREPLY[@]}]="$file"
  done < <(compgen "$1" -- "$current")
}
${functionOf(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}" options='' words='' files='' IFS=$' \\t\\n'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${[...names, 'help', ...PROGRAM_OPTIONS].join(' ')}' -- "$current"))
    return
  fi
  case "$command $before" in
    "help help") COMPREPLY=($(compgen -W '${names.join(' ')}' -- "$current")); return ;;
${values.join('\n')}
  esac
  case "$command" in
${options.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) if [ -n "$files" ]; then ${bashFiles(name, 'f')}
      elif [ "$COMP_CWORD" -eq 2 ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi ;;
  esac
}
complete -F ${functionOf(name)} ${name}
`;
}

function bashValue(name: string, value: Value): string {
  if (value === 'any') return 'return';
  if (value === 'file') return `${bashFiles(name, 'f')}; return`;
  if (value === 'directory') return `${bashFiles(name, 'd')}; return`;
  return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$current")); return`;
}

/** The names may have spaces, and characters that mean something to the shell. */
function bashFiles(name: string, type: 'f' | 'd'): string {
  return `${functionOf(name)}_files -${type}`;
}

function zshScript(name: string, commands: readonly CompletedCommand[]): string {
  const described = commands.map(
    (command) => `    ${single(`${command.name}:${command.description.replaceAll(':', '\\:')}`)}`,
  );
  const cases = commands.map(({ name: command, options, words, takesFiles }) => {
    const specs = [
      ...options.map(zshOption),
      ...(words.length > 0 ? [`'1:command:(${words.join(' ')})'`] : []),
      ...(takesFiles ? ["'*:file:_files'"] : []),
    ];
    return `    ${command}) _arguments -s ${specs.join(' ')} ;;`;
  });
  const own = functionOf(name);
  return `#compdef ${name}
# zsh completion of ${name}: add to ~/.zshrc, after compinit
#   source <(${name} completion zsh)
${own}() {
  local -a commands
  commands=(
${described.join('\n')}
    'help:display help for command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ $words[2] == help ]]; then
    (( CURRENT == 3 )) && _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == ${own} ]]; then ${own} "$@"; else compdef ${own} ${name}; fi
`;
}

function zshOption({ flag, description, value }: CompletedOption): string {
  const text = description.replaceAll(/[[\]:\\]/g, '\\$&');
  return single(`${flag}[${text}]${value === undefined ? '' : `:value:${zshValue(value)}`}`);
}

function zshValue(value: Value): string {
  if (value === 'any') return '';
  if (value === 'file') return '_files';
  return value === 'directory' ? '_files -/' : `(${value.join(' ')})`;
}

function fishScript(name: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name: command, description, options, words, takesFiles }) => {
    const within = `complete -c ${name} -n '__fish_seen_subcommand_from ${command}'`;
    return [
      `complete -c ${name} -n __fish_use_subcommand -a ${command} -d ${fishText(description)}`,
      ...options.map(
        ({ flag, description: what, value }) =>
          `${within} -l ${flag.slice(2)}${fishValue(value)} -d ${fishText(what)}`,
      ),
      ...(words.length > 0 ? [`${within} -a '${words.join(' ')}'`] : []),
      ...(takesFiles ? [`${within} -F`] : []),
    ];
  });
  return `# fish completion of ${name}: save as ~/.config/fish/completions/${name}.fish
complete -c ${name} -f
complete -c ${name} -n '__fish_seen_subcommand_from help' -a '${commands.map((each) => each.name).join(' ')}'
${lines.join('\n')}
`;
}

function fishValue(value: Value | undefined): string {
  if (value === undefined) return '';
  if (value === 'any') return ' -x';
  if (value === 'file') return ' -r -F';
  return value === 'directory'
    ? " -r -a '(__fish_complete_directories)'"
    : ` -x -a '${value.join(' ')}'`;
}

/** A text for bash and zsh. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
