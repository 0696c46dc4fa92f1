import type { Command } from "commander";

/** The shells that `completion` writes for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** A command as a shell needs it. */
interface Completed {
  readonly name: string;
  readonly about: string;
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly about: string;
    readonly words: readonly string[];
  }[];
  /** Words that its first argument may be; undefined where that is a file. */
  readonly words: readonly string[] | undefined;
}

/** A script that completes the command line of `program` in a shell. `actions` are the words that `ctl` takes first. */
export function completionScript(shell: Shell, program: Command, actions: readonly string[]): string {
  const commands = program.commands.map((command): Completed => ({
    name: command.name(),
    about: command.description(),
    options: command.options.map(({ short, long, description, argChoices }) => ({
      flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
      about: description,
      words: argChoices ?? [],
    })),
    words: command.name() === "ctl" ? actions : command.name() === "completion" ? SHELLS : undefined,
  }));
  const names = commands.map(({ name }) => name);
  commands.push({ name: "help", about: "say how a command is used", options: [], words: names });
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.name(), commands);
}

function bashScript(name: string, commands: readonly Completed[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.flatMap(({ flags }) => flags);
    const choices = options.filter(({ words }) => words.length > 0).map(({ flags, words }) =>
      `        ${flags.join("|")}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word")); return ;;\n`
    ).join("");
    return `    ${name})\n` + (choices === "" ? "" : `      case "$before" in\n${choices}      esac\n`) +
      `      options="${flags.join(" ")}"\n      words="${words?.join(" ") ?? ""}" ;;\n`;
  }).join("");
  return `# bash completion of ${name}; put it where bash-completion looks, or: source <(${name} completion bash)
_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="run" options="" words=""
  if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$word"))
    return
  fi
  [[ \${COMP_WORDS[1]} != -* ]] && command="\${COMP_WORDS[1]}"
  case "$command" in
${cases}  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options --help" -- "$word"))
  elif [[ -n $words && $COMP_CWORD -eq 2 ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _${name} ${name}
`;
}

function zshScript(name: string, commands: readonly Completed[]): string {
  const list = commands.map(({ name, about }) => `    ${single(`${name}:${about}`)}`).join("\n");
  const cases = commands.map(({ name, options, words }) => {
    const specs = options.flatMap(({ flags, about, words }) =>
      flags.map((flag) =>
        single(
          `${flag}[${about.replace(/[[\]:]/g, " ")}]` +
            (words.length > 0 ? `:word:(${words.join(" ")})` : ""),
        )
      )
    );
    const argument = words === undefined ? "'*:file:_files'" : single(`1:word:(${words.join(" ")})`);
    return `    ${name}) _arguments ${[...specs, argument].join(" \\\n      ")} ;;`;
  }).join("\n");
  return `#compdef ${name}
# zsh completion of ${name}; put it as _${name} into a folder of $fpath, or: source <(${name} completion zsh)
_${name}() {
  local -a commands=(
${list}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases}
  esac
}
compdef _${name} ${name}
`;
}

function fishScript(name: string, commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name: command, about, options, words }) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command} -d ${single(about)}`,
    ...options.map(({ flags, about, words }) => {
      const letters = flags.map((flag) =>
        flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
      );
      const choices = words.length > 0 ? ` -x -a ${single(words.join(" "))}` : "";
      return `complete -c ${name} -n '__fish_seen_subcommand_from ${command}' ${
        letters.join(" ")
      }${choices} -d ${single(about)}`;
    }),
    ...(words === undefined
      ? []
      : [`complete -c ${name} -n '__fish_seen_subcommand_from ${command}' -f -a ${single(words.join(" "))}`]),
  ]);
  return `# fish completion of ${name}; put it into ~/.config/fish/completions/${name}.fish\n${
    lines.join("\n")
  }\n`;
}

/** In single quotes of a shell. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
