/**
 * All traitors of a run in one process, so that they see each other's notes at once. Each has its own key file, disk
 * and links, and signs only for itself.
 */
import { type ReplicaProcess, startReplica } from '../../../replicas/replica-process.ts'
import { toReplicaId } from '../../../src/base/ids.ts'
import { createRandom } from '../../../src/base/random.ts'
import { Acts } from '../../language/acts.ts'
import { type Adversary, corrupt } from '../../language/adversary.ts'
import type { Blackboard } from '../../language/adversary-context.ts'
import { homeOf } from './cluster-directories.ts'

/** An order from the parent to the traitors' process. */
export interface TraitorsOrder {
  readonly order: 'on' | 'off'
}

/** A message from the traitors' process to its parent: periodically, and after each order. */
export interface TraitorsNews {
  readonly acts: number
  /** The acts by the attack whose turn it was. */
  readonly byTurn: Readonly<Record<string, number>>
  readonly isOn: boolean
}

const NEWS_MS = 100

export interface Traitors {
  readonly acts: number
  readonly byTurn: ReadonlyMap<string, number>
  /** The address of a traitor for its peers. */
  readonly addresses: readonly string[]
  turn(isOn: boolean): void
  close(): Promise<void>
}

export async function startTraitors(options: {
  readonly adversary: Adversary
  /** The cluster directory of a traitor, or of all replicas. */
  readonly root: string
  readonly ids: readonly number[]
  readonly seed: number
  readonly isOn: boolean
  readonly onFailure: (error: Error) => void
}): Promise<Traitors> {
  const { adversary, root, ids, onFailure } = options
  const board: Blackboard = { traitors: ids.map((id) => toReplicaId(id)), notes: new Map() }
  const random = createRandom(options.seed)
  let { isOn } = options
  const acts = new Acts(board)
  const running: ReplicaProcess[] = []
  const close = async (): Promise<void> => {
    for (const replica of running) await replica.close()
  }
  try {
    for (const id of ids) {
      const recompose = corrupt({
        adversary,
        board,
        random: random.fork(),
        isOn: () => isOn,
        onAct: acts.count,
      })
      const replica = await startReplica({
        directory: homeOf(root, id),
        id,
        onFailure,
        onLoss: () => {},
        recompose,
      })
      running.push(replica)
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    get acts() {
      return acts.total
    },
    byTurn: acts.byTurn,
    addresses: running.map(({ address }) => address),
    turn: (wanted) => {
      isOn = wanted
    },
    close,
  }
}

/** Lets the parent process turn the attack on and off, and reports the traitors' acts to it. */
export function followParent(traitors: Traitors): void {
  let isOn = false
  let told = 0
  const tell = (): void => {
    told = traitors.acts
    process.send?.({ acts: told, byTurn: Object.fromEntries(traitors.byTurn), isOn } satisfies TraitorsNews)
  }
  process.on('message', ({ order }: TraitorsOrder) => {
    isOn = order === 'on'
    traitors.turn(isOn)
    tell()
  })
  setInterval(() => {
    if (traitors.acts !== told) tell()
  }, NEWS_MS).unref()
}
