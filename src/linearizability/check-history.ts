/**
 * Checks whether a history is linearizable (Herlihy and Wing, 1990). Linearizability is local: a history is
 * linearizable if and only if each key's part is, so each key gets a search of its own. The searches take turns, and
 * each turn is longer than the last, so that a hard key does not keep a violation in another key from being found.
 */
import type { WordBudget } from './configuration-set.ts'
import type { History } from './history.ts'
import { describeOffence, type Offence } from './offence.ts'
import { registerProblem } from './register-problem.ts'
import { RegisterSearch } from './register-search.ts'
import { NULL_CODE } from './value-codes.ts'

/** The limit of configurations over all keys; reaching it takes about half a minute. */
export const CONFIGURATIONS_MAX = 3_000_000
/** The limit of 32-bit words of remembered configurations over all keys: 512 MiB. */
export const MEMORY_WORDS_MAX = 128 * 1024 * 1024
/** The least budget, in configurations, for shrinking an offence. The budget is at least twice what finding it took. */
const SHRINKING_MIN = 1_000_000
/** Configurations in a key's first turn; each further turn has twice as many. */
const TURN_FIRST = 512

export interface CheckOptions {
  readonly configurationsMax?: number
  readonly memoryWordsMax?: number
}

interface Extent {
  readonly operations: number
  readonly keys: number
  /** The number of configurations that the searches visited. */
  readonly configurations: number
}

export type Verdict =
  | ({ readonly kind: 'linearizable' } & Extent)
  | ({ readonly kind: 'not-linearizable'; readonly offence: Offence } & Extent)
  | ({ readonly kind: 'undecided'; readonly undecided: readonly UndecidedKey[] } & Extent)

export interface UndecidedKey {
  readonly key: string
  readonly operations: number
  /** The limit that was reached before its search had an answer. */
  readonly because: 'configurations' | 'memory'
}

interface KeySearch {
  readonly key: string
  readonly search: RegisterSearch
}

/**
 * Returns as soon as one key is found not to be linearizable; otherwise when all keys are decided or a limit is
 * reached.
 */
export function checkHistory(history: History, options: CheckOptions = {}): Verdict {
  const configurationsMax = options.configurationsMax ?? CONFIGURATIONS_MAX
  const budget: WordBudget = { wordsLeft: options.memoryWordsMax ?? MEMORY_WORDS_MAX }
  const undecided: UndecidedKey[] = []
  let configurations = 0
  const extent = (): Extent => ({
    operations: history.operations,
    keys: history.byKey.size,
    configurations,
  })
  const giveUp = ({ key, search }: KeySearch, because: UndecidedKey['because']): void => {
    search.abandon()
    undecided.push({ key, operations: history.byKey.get(key)?.length ?? 0, because })
  }
  let waiting: Iterable<KeySearch> = searches(history, budget)
  for (let turn = TURN_FIRST; ; turn *= 2) {
    const unfinished: KeySearch[] = []
    for (const each of waiting) {
      const { key, search } = each
      const before = search.configurations
      const end = search.run(Math.min(turn, configurationsMax - configurations))
      configurations += search.configurations - before
      if (end === 'not-linearizable') {
        for (const { search: other } of unfinished) other.abandon()
        const offence = describeOffence(history, key, {
          configurationsMax: Math.max(SHRINKING_MIN, 2 * search.configurations),
          wordsMax: budget.wordsLeft,
        })
        return { kind: 'not-linearizable', offence, ...extent() }
      }
      if (end === 'out-of-memory') giveUp(each, 'memory')
      else if (end === 'unfinished') unfinished.push(each)
    }
    if (configurations >= configurationsMax)
      for (const each of unfinished.splice(0)) giveUp(each, 'configurations')
    if (unfinished.length === 0) break
    waiting = unfinished
  }
  if (undecided.length > 0) return { kind: 'undecided', undecided, ...extent() }
  return { kind: 'linearizable', ...extent() }
}

/** Yields a search for each key, made when its first turn comes. */
function* searches(history: History, budget: WordBudget): Generator<KeySearch> {
  for (const [key, operations] of history.byKey) {
    yield { key, search: new RegisterSearch(registerProblem(operations, NULL_CODE), budget) }
  }
}
