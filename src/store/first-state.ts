/**
 * The first state of a cluster: empty, or made of the state of another cluster. A state is made of another one without
 * a clock or a random number, so every owner of a replica makes the same one by himself, and compares roots.
 */
import type { Hash } from '../base/hash.ts'
import type { ClientId, Sequence } from '../base/ids.ts'
import type { TreeSnapshot } from '../tree/snapshot.ts'
import { Tree } from '../tree/tree.ts'
import { AccessRecords, type Founder } from './access-records.ts'
import { HISTORY, type HistoryLimits } from './compaction.ts'
import { readCounters, writeCounters, writeLimits } from './counters.ts'
import { KeyValueStore } from './key-value-store.ts'
import { Leases } from './leases.ts'
import { RECOVERY_DISTANCE, Recoveries } from './recoveries.ts'
import { RETENTION, type RetentionLimits, Sessions } from './sessions.ts'
import { SECTIONS } from './state-keys.ts'

/** The parameters of the first state, equal on all replicas. See `StoreOptions`. */
export interface FirstStateOptions {
  readonly clients: Iterable<ClientId>
  readonly storeBytesMax: number
  readonly history?: HistoryLimits
  readonly retention?: RetentionLimits
  readonly administrators?: readonly Founder[]
  readonly replicas?: readonly ClientId[]
  readonly recoveryDistance?: number
}

/**
 * The treatment of each section of another cluster's state. What belongs to the keys of its clients and replicas is
 * dropped: their requests, results and idempotency keys, and principals with their rights.
 */
const SECTIONS_KEPT: Readonly<Record<keyof typeof SECTIONS, boolean>> = {
  access: false,
  limits: false,
  client: false,
  replica: false,
  recovery: false,
  counters: true,
  executed: false,
  lease: true,
  leaseExpiry: true,
  leaseKey: true,
  idempotency: false,
  mark: true,
  deleted: true,
  key: true,
  change: true,
}

/** The number of keys that are read before they are removed. */
const KEYS_AT_ONCE = 1_000

/** Writes the limits, the clients, the administrators and the replicas of a first state, but not its counters. */
export function beginState(tree: Tree, options: FirstStateOptions): void {
  const {
    storeBytesMax,
    clients,
    administrators = [],
    replicas = [],
    recoveryDistance = RECOVERY_DISTANCE,
  } = options
  const { retention = RETENTION, history = HISTORY } = options
  writeLimits(tree, { storeBytesMax, retention, history })
  new Sessions(tree).begin(clients)
  new Recoveries(tree, recoveryDistance).begin(replicas)
  new AccessRecords(tree).begin(administrators)
}

/**
 * Returns the first state of a new cluster, made of the state of another one. Keys, their history, revisions, leases and
 * the executed time go on; the life of each lease begins anew with the first batch that has a time.
 */
export function restoredState(
  hash: Hash,
  state: TreeSnapshot,
  options: FirstStateOptions & { readonly replicas: readonly ClientId[] },
): TreeSnapshot {
  const tree = new Tree(hash)
  tree.restore(state)
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (!SECTIONS_KEPT[name as keyof typeof SECTIONS]) removeSection(tree, section)
  }
  beginState(tree, options)
  const counters = readCounters(tree)
  const leases = new Leases(new KeyValueStore(tree, options))
  leases.restore(counters.executedTime, counters.chosenLeases)
  leases.suspend()
  writeCounters(tree, { ...counters, lastSequence: 0 as Sequence, executedCount: 0 })
  return tree.snapshot()
}

function removeSection(tree: Tree, section: number): void {
  for (;;) {
    const keys: Uint8Array[] = []
    const cursor = tree.cursor(Uint8Array.of(section))
    for (; !cursor.isAtEnd && cursor.key[0] === section && keys.length < KEYS_AT_ONCE; cursor.next()) {
      keys.push(cursor.key.slice())
    }
    if (keys.length === 0) return
    for (const key of keys) tree.remove(key)
  }
}
