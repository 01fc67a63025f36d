/** The names of processes in the sentences of judges. */
import type { ProcessId } from '../../../classics/process.ts'

export const namesOf = (ids: readonly ProcessId[]): string => ids.map((id) => `P${id}`).join(' and ')
