import { connect, type Socket } from 'node:net'
import { StoreClient } from '../../../clients/library/store-client.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { shareConnections } from '../../../src/io/descriptors.ts'
import { HANDSHAKE_MILLISECONDS_MAX } from '../../../src/io/tcp-link.ts'
import { CLIENT_LINKS_MAX, HALF_OPEN_MAX } from '../../../src/io/tcp-transport.ts'
import { HANDSHAKE_FRAME_BYTES_MAX } from '../../../src/messages/handshake.ts'
import { CLUSTER_SIZE_LEAST, type ProcessAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'
import { noViewChange } from '../../language/expectations.ts'

/** Few, so that few connections go beyond what a replica may have open at all. */
const OPEN_FILES = 256
/** Connections tried at once to each replica. Of those that it ends new ones are made, at most so many in a step. */
const CONNECTIONS = OPEN_FILES + 64
const AGAIN_IN_A_STEP = 32
const STEP_MS = 100
/** Milliseconds that a newcomer's write may take: it dials again and again while strangers crowd the door. */
const NEWCOMER_MS = 30_000
/** Ended sooner than a handshake may take: its place was needed. */
const EARLY_MS = HANDSHAKE_MILLISECONDS_MAX / 2

/** The connections without a finished handshake that a replica of the smallest cluster keeps with so few files. */
const { halfOpenMax: HALF_OPEN_FITTED } = shareConnections(OPEN_FILES, CLUSTER_SIZE_LEAST, {
  halfOpenMax: HALF_OPEN_MAX,
  clientLinksMax: CLIENT_LINKS_MAX,
})

/** The manner of a connection: it says nothing, a length and then a byte now and then, or a length that is too large. */
type Manner = 'silent' | 'slow' | 'bomb'
const MANNERS: readonly Manner[] = ['silent', 'slow', 'bomb']

class Stranger {
  readonly #socket: Socket
  readonly #manner: Manner
  readonly #madeMs = performance.now()
  isOver = false

  constructor(address: { host: string; port: number }, manner: Manner, on: { act(): void; early(): void }) {
    this.#manner = manner
    this.#socket = connect(address)
    this.#socket.on('error', () => {}) // its close follows
    let isConnected = false
    this.#socket.once('close', () => {
      const isEarly = performance.now() - this.#madeMs < EARLY_MS
      if (manner === 'silent' && isConnected && isEarly && !this.isOver) on.early()
      this.isOver = true
    })
    this.#socket.once('connect', () => {
      isConnected = true
      on.act()
      if (manner === 'bomb') this.#socket.write(Uint8Array.of(0x7f, 0xff, 0xff, 0xff))
      if (manner === 'slow') this.#socket.write(Uint8Array.of(0, 0, HANDSHAKE_FRAME_BYTES_MAX >> 8, 0))
    })
    this.#socket.resume()
  }

  step(): void {
    if (this.#manner === 'slow' && this.#socket.writable) this.#socket.write(Uint8Array.of(0))
  }

  end(): void {
    this.isOver = true
    this.#socket.destroy()
  }
}

/** The strangers at one replica's door, and what is seen there. */
class Crowd {
  readonly #id: ReplicaId
  readonly #harness: ClusterHarness
  readonly #strangers: Stranger[] = []
  #made = 0
  #endedEarly = 0
  #openMost = 0

  constructor(id: ReplicaId, harness: ClusterHarness) {
    this.#id = id
    this.#harness = harness
  }

  step(): void {
    const { act, addressOf, openFilesOf } = this.#harness
    const early = (): void => {
      this.#endedEarly++
    }
    let again = 0
    for (let index = 0; index < CONNECTIONS; index++) {
      const known = this.#strangers[index]
      if (known === undefined || (known.isOver && again++ < AGAIN_IN_A_STEP)) {
        const manner = MANNERS[this.#made++ % MANNERS.length] as Manner
        this.#strangers[index] = new Stranger(addressOf(this.#id), manner, { act, early })
      }
      this.#strangers[index]?.step()
    }
    this.#openMost = Math.max(this.#openMost, openFilesOf(this.#id) ?? 0)
  }

  /** Returns what must not be, as sentences: a limit that was not reached, or one that did not hold. */
  seen(): readonly string[] {
    return [
      ...(this.#endedEarly > 0
        ? []
        : [`replica ${this.#id} had room for every stranger: its limit was not reached`]),
      ...(this.#openMost < OPEN_FILES
        ? []
        : [`replica ${this.#id} had ${this.#openMost} files open, which are all that it may have`]),
    ]
  }

  end(): void {
    for (const stranger of this.#strangers) stranger.end()
  }
}

async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const crowds = harness.correct.map((id) => new Crowd(id, harness))
  try {
    const newcomer = served(harness)
    let isServed: boolean | null = null
    newcomer.then((answer) => {
      isServed = answer
    })
    for (let passedMs = 0; passedMs < harness.milliseconds || isServed === null; passedMs += STEP_MS) {
      for (const crowd of crowds) crowd.step()
      await harness.pause(STEP_MS)
    }
    const refused = (await newcomer) ? [] : ['a correct client that came during the attack was not served']
    return [...crowds.flatMap((crowd) => crowd.seen()), ...refused]
  } finally {
    for (const crowd of crowds) crowd.end()
  }
}

/** True if a correct client that comes now gets its links and an answer to a write. Never rejects. */
async function served({ directory, reader, pause }: ClusterHarness): Promise<boolean> {
  try {
    await pause(5 * STEP_MS) // the crowd is there by then
    const client = await StoreClient.open({ directory, name: reader, timeoutMs: NEWCOMER_MS })
    try {
      const key = Buffer.from('of-a-newcomer')
      const { status } = await client.execute({ kind: 'put', key, value: Buffer.from('value') })
      return status === 'ok'
    } finally {
      await client.close()
    }
  } catch {
    return false
  }
}

export const slowloris: ProcessAttack = {
  name: 'slowloris',
  world: 'processes',
  plays: 'stranger',
  targets: ['resources', 'liveness'],
  does: 'keeps opening more connections to every replica than it may have files: silent, sending a byte now and then, or announcing 2 GiB',
  source: 'R. Hansen, Slowloris HTTP DoS, 2009',
  expects:
    'the limits hold: no replica runs out of files, a correct client that connects then is served, and no view changes',
  exceeds: [
    { what: 'connections to a replica without a handshake', limit: HALF_OPEN_FITTED, sent: CONNECTIONS },
    { what: "open files of a replica's process", limit: OPEN_FILES, sent: CONNECTIONS },
  ],
  outside: { openFiles: OPEN_FILES, run },
  judge: noViewChange,
}
