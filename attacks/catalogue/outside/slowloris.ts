import { connect, type Socket } from 'node:net'
import { HANDSHAKE_FRAME_BYTES_MAX } from '../../../src/messages/handshake.ts'
import type { ProcessAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'
import { noViewChange } from '../../language/expectations.ts'

/** Connections kept open to each replica, more than it takes; of those that it ends new ones are made. */
const CONNECTIONS = 96
const STEP_MS = 100
/** The manner of a connection: it says nothing, a length and then a byte now and then, or a length that is too large. */
type Manner = 'silent' | 'slow' | 'bomb'
const MANNERS: readonly Manner[] = ['silent', 'slow', 'bomb']

class Stranger {
  readonly #socket: Socket
  readonly #manner: Manner
  isOver = false

  constructor(address: { host: string; port: number }, manner: Manner, onAct: () => void) {
    this.#manner = manner
    this.#socket = connect(address)
    this.#socket.on('error', () => {}) // its close follows
    this.#socket.once('close', () => {
      this.isOver = true
    })
    this.#socket.once('connect', () => {
      onAct()
      if (manner === 'bomb') this.#socket.write(Uint8Array.of(0x7f, 0xff, 0xff, 0xff))
      if (manner === 'slow') this.#socket.write(Uint8Array.of(0, 0, HANDSHAKE_FRAME_BYTES_MAX >> 8, 0))
    })
  }

  step(): void {
    if (this.#manner === 'slow' && this.#socket.writable) this.#socket.write(Uint8Array.of(0))
  }

  end(): void {
    this.#socket.destroy()
  }
}

async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const strangers = new Map(harness.correct.map((id) => [id, [] as Stranger[]]))
  let made = 0
  try {
    for (let passedMs = 0; passedMs < harness.milliseconds; passedMs += STEP_MS) {
      for (const [id, open] of strangers) {
        for (let index = 0; index < CONNECTIONS; index++) {
          if (open[index]?.isOver !== false) {
            const manner = MANNERS[made++ % MANNERS.length] as Manner
            open[index] = new Stranger(harness.addressOf(id), manner, harness.act)
          }
          open[index]?.step()
        }
      }
      await harness.pause(STEP_MS)
    }
  } finally {
    for (const open of strangers.values()) for (const stranger of open) stranger.end()
  }
  return []
}

export const slowloris: ProcessAttack = {
  name: 'slowloris',
  world: 'processes',
  plays: 'stranger',
  targets: ['resources', 'liveness'],
  does: 'keeps opening connections to every replica that say nothing, a byte now and then, or a length of 2 GiB',
  source: 'R. Hansen, Slowloris HTTP DoS, 2009',
  expects: 'memory stays bounded and there is no view change',
  outside: { run },
  judge: noViewChange,
}
