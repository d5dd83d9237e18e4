import { Argument, Command } from "commander";

/** `groupsnap completion SHELL` prints a script that completes commands and options, made from the commands themselves. */
export const completionCommand = (program: Command) =>
  new Command("completion")
    .description("Print a completion script for a shell: source <(groupsnap completion bash)")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell](wordsOf(program)));
    });

type Shell = "bash" | "zsh" | "fish";

/** The words that may follow a command: its subcommands and its options. */
interface Words {
  /** "" for the program itself, "verify write" for a subcommand. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly string[];
}

export function wordsOf(command: Command, path: readonly string[] = []): readonly Words[] {
  const shown = command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== "help");
  const own = {
    path: path.join(" "),
    commands: shown.map((sub) => ({ name: sub.name(), description: sub.description() })),
    options: command.options.flatMap((option) => (option.hidden || !option.long ? [] : [option.long])),
  };
  return [own, ...shown.flatMap((sub) => wordsOf(sub, [...path, sub.name()]))];
}

const followers = (words: Words) => [...words.commands.map((sub) => sub.name), ...words.options, "--help"].join(" ");

const bashCases = (words: readonly Words[]) =>
  words.map((each) => `    "${each.path}") words="${followers(each)}" ;;`).join("\n");

const bash = (words: readonly Words[]) => `_groupsnap() {
  local word path="" words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="\${path:+$path }$word"
  done
  case "$path" in
${bashCases(words)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _groupsnap groupsnap
`;

const zsh = (words: readonly Words[]) => `#compdef groupsnap
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`;

const fish = (words: readonly Words[]) =>
  words
    .flatMap(({ path, commands, options }) => {
      const seen = path
        .split(" ")
        .filter(Boolean)
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join("; and ");
      const when = seen || "__fish_use_subcommand";
      return [
        ...commands.map(
          (sub) => `complete -c groupsnap -f -n '${when}' -a ${sub.name} -d '${sub.description.replaceAll("'", "")}'`,
        ),
        ...options.map((option) => `complete -c groupsnap -n '${when}' -l ${option.slice(2)}`),
      ];
    })
    .join("\n")
    .concat("\n");

const scripts: Readonly<Record<Shell, (words: readonly Words[]) => string>> = { bash, zsh, fish };
