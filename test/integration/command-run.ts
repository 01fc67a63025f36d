/** Runs commands that end by themselves, cheaply where nothing but their words and their exit code is looked at. */
import { runHere } from '../cli/command-kit.ts'
import { IS_DEEP } from '../kit/depth.ts'
import type { Finished, ProcessKit } from './process-kit.ts'

/** In this process, which has the program loaded; in the deep run as users do, each in a process of its own. */
export const runCommand = (kit: ProcessKit, ...args: readonly string[]): Promise<Finished> =>
  IS_DEEP ? kit.run(...args) : runHere(args)
