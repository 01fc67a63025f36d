/**
 * The evidence on the disk of a stopped replica. The replica is started from its disk, without a network and with a
 * stopped clock, and reports its executed batches and states. Only durable data is read.
 */

import { lockReplica } from '../../../replicas/replica-storage.ts'
import { toHex } from '../../../src/base/bytes.ts'
import type { Milliseconds, ReplicaId } from '../../../src/base/ids.ts'
import type { RequestOutcome } from '../../../src/base/request-outcome.ts'
import { suiteNamed } from '../../../src/crypto/suites.ts'
import { replicaKey, replicaLog, replicaState } from '../../../src/io/cluster-directory.ts'
import { openFileLog } from '../../../src/io/file-log.ts'
import { readKeyFile, type SecretKeys } from '../../../src/io/key-file.ts'
import { openLevelPageStore } from '../../../src/io/level-page-store.ts'
import { systemEntropy } from '../../../src/io/system.ts'
import { type Cluster, storeParametersOf } from '../../../src/messages/cluster.ts'
import { createSigningDigest } from '../../../src/messages/frame.ts'
import type { Vote } from '../../../src/messages/message.ts'
import { isRejection } from '../../../src/messages/rejection.ts'
import type { Application, Clock, Log, LogReplay, PageStore, Transport } from '../../../src/ports.ts'
import { createAuthenticator } from '../../../src/runtime/authentication/authentication.ts'
import { decodeLogRecord } from '../../../src/runtime/log/log-records.ts'
import { ReplicaRuntime } from '../../../src/runtime/replica-runtime.ts'
import { wrapped } from '../../../src/simulator/world/wrapped-application.ts'
import { createStore } from '../../../src/store/application.ts'
import { addResults, type TrueResults } from './reply-witness.ts'

/** The state is read after each multiple of this number of batches, and after the last one. */
const STATE_EVERY = 16

/** A certificate found in the log. */
export interface Decided {
  readonly digest: string
  readonly view: number
  /** The replicas that signed it. */
  readonly signers: readonly ReplicaId[]
}

export interface Disk {
  readonly replica: ReplicaId
  /** The last sequence number that it executed. */
  readonly last: number
  /** The digest of the batch that was executed at each sequence number after the state that it started from. */
  readonly batches: ReadonlyMap<number, string>
  /**
   * The decided digest at each sequence number that the log still has. It goes further back than `batches`: a replica
   * that was shown another history and then fetched the state starts from that state.
   */
  readonly decided: ReadonlyMap<number, Decided>
  /** The results of its batch. */
  readonly results: TrueResults
  /** The root of the state after some of them. */
  readonly states: ReadonlyMap<number, string>
  /** The damage of the disk itself, as sentences. */
  readonly losses: readonly string[]
}

const STILL_CLOCK: Clock = { now: () => Date.now() as Milliseconds, every: () => () => {}, defer: () => {} }
const NO_NETWORK: Transport = {
  start: () => {},
  send: () => false,
  flush: () => {},
  resume: () => {},
  reachable: () => [],
  received: () => null,
  end: () => {},
}
/** A log that discards all writes. */
const CLOSED_LOG: Log = {
  append: () => 0,
  sync: () => {},
  trim: () => {},
  read: (_, done) => done(null),
}

/**
 * Reads the disk of a stopped replica. Rejects with an `OperatorError` if a process still uses it, or if the log
 * cannot be opened because it is damaged or lost synced data.
 */
export async function readDisk(directory: string, id: ReplicaId, cluster: Cluster): Promise<Disk> {
  const losses: string[] = []
  const onFailure = (error: Error): void => {
    losses.push(error.message)
  }
  const lock = await lockReplica(directory, id)
  try {
    const replay = await openFileLog(replicaLog(directory, id), { lock, onFailure })
    try {
      const pages = await openLevelPageStore(replicaState(directory, id), {
        lock,
        onFailure,
        onDamage: ({ message }) => losses.push(message),
      })
      try {
        const secrets = readKeyFile(replicaKey(directory, id))
        return wake({ id, cluster, secrets, replay, pages, losses })
      } finally {
        await pages.close()
      }
    } finally {
      await replay.log.close()
    }
  } finally {
    await lock.release()
  }
}

interface OpenDisk {
  readonly id: ReplicaId
  readonly cluster: Cluster
  readonly secrets: SecretKeys
  readonly replay: LogReplay
  readonly pages: PageStore
  readonly losses: string[]
}

/** Starts the replica from its disk and records its executed batches. */
function wake({ id, cluster, secrets, replay, pages, losses }: OpenDisk): Disk {
  const suite = suiteNamed(cluster.suite)
  const { hash } = suite
  const store = createStore({ hash, ...storeParametersOf(cluster) })
  const batches = new Map<number, string>()
  const decided = new Map<number, Decided>()
  const states = new Map<number, string>()
  const results = new Map<string, string>()
  const remembering = remember(store, {
    batches,
    states,
    onExecuted: (outcomes) => addResults(results, outcomes, hash),
  })
  const tools = { hash, signingDigest: createSigningDigest(hash, cluster.clusterId) }
  const authenticator = createAuthenticator({ cluster, suite, signingDigest: tools.signingDigest })
  function* listed(records: LogReplay['records']): LogReplay['records'] {
    for (const each of records) {
      const found = decodeLogRecord(each.record, tools, authenticator)
      if (!isRejection(found) && found.kind === 'decided') rememberDecision(decided, found.commits)
      yield each
    }
  }
  const { state } = new ReplicaRuntime({
    id,
    cluster,
    suite,
    signer: suite.signer(secrets.signingSeed),
    agreementSecret: secrets.agreementSecret,
    transport: NO_NETWORK,
    replay: { ...replay, log: CLOSED_LOG, records: listed(replay.records) },
    pages,
    application: remembering,
    clock: STILL_CLOCK,
    entropy: systemEntropy,
  })
  states.set(state.ordering.lastExecuted, toHex(store.fingerprint()))
  // Its checkpoints were computed while it ran; replaying the log must give the same roots.
  for (const [sequence, root] of state.checkpoints.ownRoots) {
    const again = states.get(sequence)
    if (again !== undefined && again !== toHex(root)) {
      losses.push(`its log does not give the state of its checkpoint at ${sequence}`)
    }
  }
  return { replica: id, last: state.ordering.lastExecuted, batches, decided, results, states, losses }
}

function rememberDecision(decided: Map<number, Decided>, commits: readonly Vote[]): void {
  const [first] = commits
  if (first === undefined || decided.has(first.sequence)) return
  const { view, digest, sequence } = first
  decided.set(sequence, { digest: toHex(digest), view, signers: commits.map(({ sender }) => sender) })
}

/** An application that also writes down what it executes. */
function remember(
  application: Application,
  {
    batches,
    states,
    onExecuted,
  }: {
    readonly batches: Map<number, string>
    readonly states: Map<number, string>
    readonly onExecuted: (outcomes: readonly RequestOutcome[]) => void
  },
): Application {
  return wrapped(application, {
    *begin(sequence, batch, allowance) {
      const outcomes = yield* application.begin(sequence, batch, allowance)
      onExecuted(outcomes)
      batches.set(sequence, toHex(batch.digest))
      if (sequence % STATE_EVERY === 0) states.set(sequence, toHex(application.fingerprint()))
      return outcomes
    },
  })
}
