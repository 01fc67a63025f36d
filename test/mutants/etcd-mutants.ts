/** Mistakes behind etcd's interface: callers who cost more than they may, locks that two have. */
import { type Mutant, UNSEEN } from './mutant.ts'

const CALLERS = 'etcd/hostile-callers.test.ts'
const RECIPES = 'etcd/recipes.test.ts'
const UNREAD = 'clients/unread-answers.test.ts'
const why = UNSEEN.notRun

export const ETCD_MUTANTS: readonly Mutant[] = [
  {
    name: 'a call that its caller has reset counts no more',
    rule: 'room',
    within: 'GuardedCall.#endIfOver',
    search: 'this.#handlers > 0',
    replacement: 'false',
    paper: { file: CALLERS, test: 'opens calls and resets them', why },
  },
  {
    name: 'a frame counts for its bytes alone',
    rule: 'room',
    within: 'GuardedCall.#take',
    search: 'chunk.length + FRAME_BYTES',
    replacement: 'chunk.length',
    paper: { file: CALLERS, test: 'in frames of one byte', why },
  },
  {
    name: 'answers that nobody reads are kept without a bound',
    rule: 'room',
    within: 'UnreadAnswers.add',
    search: 'this.#bytes + bytes <= this.#max',
    replacement: 'true',
    paper: { file: UNREAD, test: 'the oldest is ended', why },
  },
  {
    name: 'a lock is held before its turn',
    rule: 'etcd',
    within: 'WaitingQueue.waitForTurn',
    search: 'if (before === undefined)',
    replacement: 'if (true)',
    paper: { file: RECIPES, test: 'is held by one at a time', why },
  },
  {
    name: 'a caller who leaves the queue keeps its place',
    rule: 'etcd',
    within: 'LockService.lock',
    search: 'if (revision === null || signal.aborted)',
    replacement: 'if (false)',
    paper: { file: RECIPES, test: 'who leaves while it waits', why },
  },
]
