import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { VALUE_BYTES_MAX } from '../../../src/store/operations.ts'
import type { ProcessAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'
import { noViewChange } from '../../language/expectations.ts'

/** The gateway's own limits: its connections, and the bytes that it holds for calls. */
export const GATEWAY_LIMITS = { connections: 1_024, bytes: 48 * 1024 * 1024 } as const
/** Connections of each manner. A gateway that counted what they announce would hold all that it may. */
const CONNECTIONS = { silent: 1_100, announcing: 160, lacking: 64 } as const
type Manner = keyof typeof CONNECTIONS
const STEP_MS = 100
/** A caller is served if one of so many tries is: on a busy machine an answer may be late for other reasons. */
const TRIES = 3

/** Says nothing; announces a value of 1 MiB and sends a byte of it; or sends all of it but the last byte. */
const SAID: Readonly<Record<Manner, Buffer>> = {
  silent: Buffer.alloc(0),
  announcing: putOf(1),
  lacking: putOf(VALUE_BYTES_MAX - 1),
}

function putOf(bytes: number): Buffer {
  const head = `PUT /v1/kv/announced HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${VALUE_BYTES_MAX}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes, 0x78)])
}

function stranger(port: number, manner: Manner, onAct: () => void): Socket {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => {}) // its close follows
  socket.resume()
  socket.once('connect', () => {
    onAct()
    socket.write(SAID[manner])
  })
  return socket
}

/** The status of a correct caller's write on a connection of its own; 0 where it got no answer. */
function putOnce(port: number, bytes: number): Promise<number> {
  return new Promise((resolve) => {
    const path = '/v1/kv/of-a-correct-caller'
    const call = request({ host: '127.0.0.1', port, path, method: 'PUT', agent: false }, (response) => {
      response.resume()
      response.once('close', () => resolve(response.statusCode ?? 0))
    })
    call.once('error', () => resolve(0))
    call.end(Buffer.alloc(bytes, 0x79))
  })
}

async function isServed(port: number, bytes: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) if ((await putOnce(port, bytes)) === 200) return true
  return false
}

async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const { gateway, milliseconds } = harness
  if (gateway === null) return ['the run has no gateway']
  const port = Number(new URL(gateway).port)
  const seen: string[] = []
  const open: Record<Manner, Socket[]> = { silent: [], announcing: [], lacking: [] }
  try {
    const endMs = performance.now() + milliseconds
    do {
      for (const manner of Object.keys(open) as Manner[]) {
        open[manner] = open[manner].filter(({ destroyed }) => !destroyed)
        while (open[manner].length < CONNECTIONS[manner])
          open[manner].push(stranger(port, manner, harness.act))
      }
      await harness.pause(STEP_MS)
      for (const bytes of [1, VALUE_BYTES_MAX]) {
        if (!(await isServed(port, bytes))) seen.push(`a correct caller's ${bytes} bytes were refused`)
      }
    } while (performance.now() < endMs)
  } finally {
    for (const socket of Object.values(open).flat()) socket.destroy()
  }
  return [...new Set(seen)]
}

export const announcedBytes: ProcessAttack = {
  name: 'announced-bytes',
  world: 'processes',
  plays: 'stranger',
  targets: ['resources', 'liveness'],
  does: 'opens more connections to the gateway than it accepts: silent, announcing 1 MiB and sending a byte, or lacking the last byte',
  source: 'R. Hansen, Slowloris HTTP DoS, 2009; RUDY, slow POST bodies, 2010',
  expects: 'the gateway refuses no correct caller, and no view changes',
  exceeds: [
    { what: 'connections of the gateway', limit: GATEWAY_LIMITS.connections, sent: CONNECTIONS.silent },
    {
      what: 'bytes that the gateway holds for calls',
      limit: GATEWAY_LIMITS.bytes,
      sent: (CONNECTIONS.announcing + CONNECTIONS.lacking) * VALUE_BYTES_MAX,
    },
  ],
  outside: { needsGateway: true, run },
  judge: noViewChange,
}
