/**
 * Scripts that complete a command line in bash, zsh and fish. Each finds the command in the words before the cursor
 * and offers its words and options; after an option with a value it offers the choices, or files.
 */
import type { CompletedCommand } from './completed-commands.ts'

const wordsOf = ({ words, options }: CompletedCommand): string =>
  [...words, ...options].map(({ word }) => word).join(' ')

/** Lines of a `case` of bash and zsh that offer the words of each command. */
const wordCases = (commands: readonly CompletedCommand[], offer: (words: string) => string): string =>
  commands.map((command) => `    '${command.path}') ${offer(wordsOf(command))} ;;`).join('\n')

/** Lines of a `case` of bash and zsh that stand for each option with a value, by command. */
const valueCases = (commands: readonly CompletedCommand[], files: string, offer: (words: string) => string) =>
  commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ word, choices }) =>
          `    '${path} ${word}') ${choices.length === 0 ? files : offer(choices.join(' '))}; return ;;`,
      ),
  )

/** Commands with subcommands: the next word continues their name. */
const pathCases = (commands: readonly CompletedCommand[]): readonly string[] =>
  commands.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)

export function bashScript(commands: readonly CompletedCommand[]): string {
  const offer = (words: string): string => `COMPREPLY=($(compgen -W '${words}' -- "$word"))`
  return `# Completion of strategos in bash: source <(strategos completion bash)
_strategos() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= next index
  # Without a word to offer, bash completes file names.
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    next="\${path:+$path }\${COMP_WORDS[index]}"
    case "$next" in
      ${pathCases(commands).join('|')}) path=$next ;;
    esac
  done
  case "$path $before" in
${valueCases(commands, ':', offer).join('\n')}
  esac
  case "$path" in
${wordCases(commands, offer)}
  esac
}
complete -o default -F _strategos strategos
`
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const offer = (words: string): string => `compadd -- ${words}`
  return `#compdef strategos
# Completion of strategos in zsh: source <(strategos completion zsh), behind compinit
_strategos() {
  local before=\${words[CURRENT-1]} path_= next
  local -i index
  for ((index = 2; index < CURRENT; index++)); do
    next="\${path_:+$path_ }\${words[index]}"
    case "$next" in
      ${pathCases(commands).join('|')}) path_=$next ;;
    esac
  done
  case "$path_ $before" in
${valueCases(commands, '_files', offer).join('\n')}
  esac
  case "$path_" in
${wordCases(commands, offer)}
  esac
  _files
}
compdef _strategos strategos
`
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, words, options }) => {
    const condition = `-n ${fishQuoted(`__strategos_at '${path}'`)}`
    return [
      ...words.map(
        ({ word, description }) =>
          `complete -c strategos -f ${condition} -a ${word} -d ${fishQuoted(description)}`,
      ),
      ...options.map(({ word, description, takesValue, choices }) => {
        const name = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`
        const value = choices.length > 0 ? ` -x -a ${fishQuoted(choices.join(' '))}` : takesValue ? ' -r' : ''
        return `complete -c strategos ${condition} ${name}${value} -d ${fishQuoted(description)}`
      }),
    ]
  })
  return `# Completion of strategos in fish: strategos completion fish | source
function __strategos_at
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$path $word")
    contains -- "$next" ${pathCases(commands).join(' ')}; and set path $next
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}
