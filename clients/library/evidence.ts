/** Collects the evidence of equivocation from the replicas, and checks it: an accusation alone proves nothing. */
import type { ReplicaId } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { isSamePlace } from '../../src/messages/evidence.ts'
import { EVIDENCE_PER_REPLICA_MAX } from '../../src/messages/limits.ts'
import type { Evidence } from '../../src/messages/message.ts'
import { createEvidenceVerifier } from '../../src/runtime/authentication/evidence-check.ts'
import { whyNoEvidence } from '../verify/no-evidence.ts'
import type { Connection } from './connection.ts'

/** The time for which a replica that claims evidence but shows none is not asked again. */
const ASK_AGAIN_MS = 10_000

export class EvidenceCollector {
  readonly #connection: Connection
  readonly #verify: ReturnType<typeof createEvidenceVerifier>
  /** The proofs against each replica, the earliest first; a proof is never withdrawn. */
  readonly #proved: readonly Evidence[][]
  #asking: Promise<void> | null = null
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(connection: Connection) {
    const { cluster } = connection
    this.#connection = connection
    this.#verify = createEvidenceVerifier({ cluster, suite: suiteNamed(cluster.suite) })
    this.#proved = cluster.replicas.map(() => [])
  }

  /** The evidence so far, by replica. */
  get all(): readonly Evidence[] {
    return this.#proved.flat()
  }

  against(replica: ReplicaId): readonly Evidence[] {
    return this.#proved[replica] ?? []
  }

  /** Asks all replicas; resolves when all have answered, or after `waitMs`. Concurrent callers share one round. */
  refresh(waitMs: number): Promise<void> {
    this.#asking ??= this.#ask(waitMs).finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  /** Does the same if replicas accuse others against which nothing is proved here. `now` is in milliseconds. */
  async refreshFor(named: readonly ReplicaId[], waitMs: number, now: number): Promise<void> {
    if (whyNoEvidence(this.#connection.cluster) !== null) return
    if (now - this.#askedAt < ASK_AGAIN_MS || named.every((id) => this.against(id).length > 0)) return
    this.#askedAt = now
    await this.refresh(waitMs)
  }

  #ask(waitMs: number): Promise<void> {
    const { cluster, runtime } = this.#connection
    return new Promise((resolve) => {
      const answered = new Set<ReplicaId>()
      const finish = (): void => {
        clearTimeout(timer)
        stop()
        resolve()
      }
      const timer = setTimeout(finish, waitMs)
      const stop = runtime.askForEvidence(({ sender, proofs }) => {
        if (answered.has(sender)) return
        answered.add(sender)
        for (const proof of proofs) this.#take(proof)
        if (answered.size === cluster.replicas.length) finish()
      })
    })
  }

  /**
   * Keeps one proof for each (kind, v, s), at most as many as a replica keeps; it checks only those that it may keep.
   */
  #take({ guilty, first, second }: Evidence): void {
    const proved = this.#proved[guilty]
    if (proved === undefined || proved.length >= EVIDENCE_PER_REPLICA_MAX) return
    if (proved.some((known) => isSamePlace(known.first, first))) return
    const verdict = this.#verify({ first: first.envelope, second: second.envelope })
    if (verdict.kind === 'proved') proved.push(verdict.evidence)
  }
}
