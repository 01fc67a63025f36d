/**
 * The state of a certified checkpoint, read page by page from the replicas. Any one of them may be asked, and none is
 * believed: the certificate is checked by its signatures, and each page by the hash in its parent.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { toBase64 } from '../../src/base/base64.ts'
import { equalBytes, toHex, writeU32 } from '../../src/base/bytes.ts'
import { type ReplicaId, replicaIds, type Sequence } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { PAGES_PER_FETCH_MAX } from '../../src/messages/limits.ts'
import type { StatePages } from '../../src/messages/message.ts'
import { COUNTERS_KEY } from '../../src/store/state-keys.ts'
import { type PageReference, referencesOf, referenceTowards } from '../../src/tree/page-references.ts'
import type { ReadProofDocument } from '../api/read-proof.ts'
import { type CertifiedCheckpoint, readCertificate } from '../verify/checkpoint-certificate.ts'
import type { ProofContext } from '../verify/proof-context.ts'
import { DOCUMENT_VERSION } from '../verify/proof-document.ts'
import { keyInState, READ_PROOF_FORM, readProvedBy } from '../verify/read-proof.ts'
import { verdictOf } from '../verify/refusal.ts'
import type { Connection } from './connection.ts'

/** The milliseconds that one replica is given for an answer, and the rounds in which all are asked for a page. */
const ANSWER_MS = 2_000
const ROUNDS_MAX = 20
/** The milliseconds between two rounds, because replicas limit the pages that they send at once. */
const ROUND_PAUSE_MS = 50

/** A page and its place in the tree. */
interface WantedPage extends Pick<PageReference, 'hash' | 'isValue'> {
  readonly path: readonly number[]
  page: Uint8Array | null
}

/** The state cannot be read now: no checkpoint is certified yet, or no replica has its pages any more. */
export class StateUnavailable extends Error {}

export class CertifiedState {
  readonly checkpoint: CertifiedCheckpoint
  readonly certificate: Uint8Array
  readonly #connection: Connection
  #source: ReplicaId

  private constructor(connection: Connection, found: CertifiedAnswer) {
    this.#connection = connection
    this.checkpoint = found.checkpoint
    this.certificate = found.certificate
    this.#source = found.sender
  }

  /** Opens the newest state that a replica certifies. Rejects with `StateUnavailable`. */
  static async open(connection: Connection): Promise<CertifiedState> {
    const context = contextOf(connection)
    const answers = await Promise.all(
      replicaIds(connection.cluster.replicas.length).map((id) => certifiedBy(connection, context, id)),
    )
    const certified = answers.filter((each) => each !== null)
    const [newest] = certified.sort((a, b) => b.checkpoint.sequence - a.checkpoint.sequence)
    if (newest === undefined) throw new StateUnavailable('no checkpoint of this cluster is certified yet')
    return new CertifiedState(connection, newest)
  }

  /** Returns the proof of a key's value or absence in this state. Rejects with `StateUnavailable`. */
  async prove(key: Uint8Array): Promise<ReadProofDocument> {
    const [counters, proof] = await Promise.all([this.#pathTo(COUNTERS_KEY), this.#pathTo(keyInState(key))])
    const parts = { key, certificate: this.certificate, counters, proof }
    const verdict = verdictOf(() => readProvedBy(contextOf(this.#connection), parts))
    if (verdict.kind === 'refused') throw new StateUnavailable(verdict.because)
    return {
      strategos: READ_PROOF_FORM.kind,
      version: DOCUMENT_VERSION,
      clusterId: toHex(this.#connection.cluster.clusterId),
      says: verdict.proved.says,
      key: toBase64(key),
      certificate: toBase64(parts.certificate),
      counters: toBase64(counters),
      proof: toBase64(proof),
    } as ReadProofDocument
  }

  /** Returns all pages, each before those that it names. Keeps a few only. */
  async *pages(): AsyncGenerator<Uint8Array> {
    const stack: WantedPage[] = [this.#root()]
    for (;;) {
      const next = stack.at(-1)
      if (next === undefined) return
      if (next.page === null) await this.#fetch(stack.slice(-PAGES_PER_FETCH_MAX).reverse())
      stack.pop()
      const page = next.page as Uint8Array
      yield page
      const references = next.isValue ? [] : (referencesOf(page) ?? [])
      for (const { index, hash, isValue } of [...references].reverse()) {
        stack.push({ path: [...next.path, index], hash: hash.slice(), isValue, page: null })
      }
    }
  }

  /** Returns the pages from the root to a key, as a proof frames them. */
  async #pathTo(key: Uint8Array): Promise<Uint8Array> {
    const pages: Uint8Array[] = []
    let next: WantedPage | null = this.#root()
    while (next !== null) {
      await this.#fetch([next])
      const page: Uint8Array = next.page as unknown as Uint8Array
      pages.push(page)
      const towards: PageReference | null = next.isValue ? null : referenceTowards(page, key)
      next = towards === null ? null : { ...towards, path: [...next.path, towards.index], page: null }
    }
    return framed(pages)
  }

  #root(): WantedPage {
    return { path: [], hash: this.checkpoint.root, isValue: false, page: null }
  }

  /** Fetches the first page, and others on the way. Rejects with `StateUnavailable`. */
  async #fetch(wanted: readonly WantedPage[]): Promise<void> {
    const { cluster } = this.#connection
    const { hash } = suiteNamed(cluster.suite)
    const n = cluster.replicas.length
    for (let turn = 0; turn < ROUNDS_MAX * n; turn++) {
      const missing = wanted.filter(({ page }) => page === null)
      const answer = await ask(this.#connection, this.#source, {
        sequence: this.checkpoint.sequence as Sequence,
        paths: missing.map(({ path }) => path),
      })
      for (const [index, each] of missing.entries()) {
        const page = answer?.pages[index]
        if (page !== undefined && page.length > 0 && equalBytes(hash(page), each.hash))
          each.page = page.slice()
      }
      if (wanted[0]?.page !== null) return
      this.#source = ((this.#source + 1) % n) as ReplicaId
      if (turn % n === n - 1) await wait(ROUND_PAUSE_MS)
    }
    throw new StateUnavailable(
      'no replica has the pages of this checkpoint any more, or this client may not have them: where access is ' +
        'judged, the state is for administrators and for those who may read every key',
    )
  }
}

interface CertifiedAnswer {
  readonly sender: ReplicaId
  readonly certificate: Uint8Array
  readonly checkpoint: CertifiedCheckpoint
}

/** Returns the last checkpoint that a replica certifies; null if it has none, or a false one. */
async function certifiedBy(
  connection: Connection,
  context: ProofContext,
  id: ReplicaId,
): Promise<CertifiedAnswer | null> {
  const answer = await ask(connection, id, { sequence: 0 as Sequence, paths: [] })
  if (answer === null || answer.certificate.length === 0) return null
  const certificate = answer.certificate.slice()
  const verdict = verdictOf(() => readCertificate(context, certificate))
  return verdict.kind === 'proved' ? { sender: id, certificate, checkpoint: verdict.proved } : null
}

const contextOf = ({ cluster }: Connection): ProofContext => ({ cluster, crypto: suiteNamed(cluster.suite) })

/** Asks one replica. Resolves with null if it does not answer in time. */
function ask(
  { runtime }: Connection,
  replica: ReplicaId,
  wanted: Parameters<Connection['runtime']['askForState']>[1],
): Promise<StatePages | null> {
  return new Promise((resolve) => {
    const finish = (answer: StatePages | null): void => {
      clearTimeout(timer)
      stop()
      resolve(answer)
    }
    const timer = setTimeout(() => finish(null), ANSWER_MS)
    const stop = runtime.askForState(replica, wanted, finish)
  })
}

/** Returns pages in the frame of a proof; see `src/tree/prove.ts`. */
function framed(pages: readonly Uint8Array[]): Uint8Array {
  const proof = new Uint8Array(pages.reduce((sum, page) => sum + 4 + page.length, 1))
  proof[0] = pages.length
  let at = 1
  for (const page of pages) {
    writeU32(proof, at, page.length)
    proof.set(page, at + 4)
    at += 4 + page.length
  }
  return proof
}
