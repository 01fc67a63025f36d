/** Runs commands that end by themselves, cheaply where nothing but their words and their exit code is looked at. */
import { runHere } from '../cli/command-kit.ts'
import { IS_DEEP } from '../kit/depth.ts'
import type { Finished, ProcessKit } from './process-kit.ts'

/**
 * Runs a command in this process, which has loaded the program; in the deep run each as a separate process, as users
 * do.
 */
export const runCommand = (kit: ProcessKit, ...args: readonly string[]): Promise<Finished> =>
  IS_DEEP ? kit.run(...args) : runHere(args)
