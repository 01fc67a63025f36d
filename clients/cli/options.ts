/** Options and arguments that several commands take. */
import { InvalidArgumentError, Option } from 'commander'

const DEFAULT_DIRECTORY = '.strategos'

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.')
  return value
}

export const authOption = () =>
  new Option('--auth <mode>', 'what replicas put under their messages: signatures, or a MAC per receiver')
    .choices(['signed', 'oral'])
    .default('signed')

export const requestsOption = () =>
  new Option('--requests <mode>', "what clients put under theirs: oral is the paper's, and needs --auth oral")
    .choices(['signed', 'oral'])
    .default('signed')

export const directoryOption = () =>
  new Option('--dir <directory>', 'the cluster directory').default(DEFAULT_DIRECTORY)

/** Not in the help: for tests and benchmarks, which want the log trimmed sooner than after 64 MiB. */
export const storeAfterOption = () =>
  new Option('--store-after-mib <mib>', 'how much the log grows before a checkpoint is stored')
    .argParser(wholeNumber)
    .hideHelp()
