/** Entries of the gallery: algorithms by which one process at a time enters a critical section. */
import { allProcesses } from '../../../classics/automaton.ts'
import { ricartAgrawala } from '../../../classics/mutual-exclusion/ricart-agrawala.ts'
import type { ProcessId } from '../../../classics/process.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/** One process at a time is inside, and at the end each has been inside as often as it wanted. */
export function mutualExclusion(n: number, entries = 1): Judge<unknown> {
  return ({ outputs, ending }) => {
    const inside = new Set<ProcessId>()
    const entered = new Map<ProcessId, number>()
    for (const { event, process } of outputs) {
      if (event === 'leaves') inside.delete(process)
      if (event !== 'enters') continue
      inside.add(process)
      entered.set(process, (entered.get(process) ?? 0) + 1)
      if (inside.size > 1) return `mutual exclusion: ${namesOf([...inside])} are inside at once`
    }
    if (ending === null) return null
    const waiting = allProcesses(n).filter(
      (id) => !ending.crashed.includes(id) && (entered.get(id) ?? 0) < entries,
    )
    return waiting.length === 0
      ? null
      : `progress: ${namesOf(waiting)} never ${waiting.length === 1 ? 'enters' : 'enter'}`
  }
}

const namesOf = (ids: readonly ProcessId[]): string => ids.map((id) => `P${id}`).join(' and ')

const RICART_AGRAWALA = asynchronousEntry({
  name: 'ricart-agrawala',
  title: 'Ricart–Agrawala mutual exclusion',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/ricart-agrawala.ts',
  source: 'Ricart, Agrawala, CACM 24(1), 1981',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0',
  rounds: '2 per entry',
  messages: '2(n−1) per entry',
  breaks: 'one crash: its reply never comes, and nobody enters again',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: ricartAgrawala({ n }) }, judge: mutualExclusion(n) }),
  expectedMessages: ({ n }) => n * 2 * (n - 1),
  explored: {
    bounds: 'n = 3, each process enters once',
    setting: { algorithm: ricartAgrawala({ n: 3 }) },
    judge: mutualExclusion(3),
  },
  broken: {
    condition: 'one process crashes',
    setting: { algorithm: ricartAgrawala({ n: 2 }), faults: { crashes: 1 } },
    judge: mutualExclusion(2),
  },
})

export const MUTUAL_EXCLUSION: readonly GalleryEntry[] = [RICART_AGRAWALA]
