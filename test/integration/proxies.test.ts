/**
 * The network of proxies between replicas: dropped bytes are lost silently, and so are later bytes on that connection.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { directionsBetween, type Ways } from '../../attacks/language/faults.ts'
import { Proxies } from '../../attacks/run/processes/proxies.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Address, Cluster } from '../../src/messages/cluster.ts'
import { until } from './process-kit.ts'

const [DIALER, LISTENER] = [0, 1] as ReplicaId[] as [ReplicaId, ReplicaId]

let server: Server
let proxies: Proxies
const dialed: Socket[] = []
afterEach(async () => {
  for (const socket of dialed.splice(0)) socket.destroy()
  await proxies.close()
  server.close()
})

/** Two replicas, of which the second one listens and echoes. */
async function open() {
  const accepted: Socket[] = []
  server = createServer((socket) => {
    accepted.push(socket.on('error', () => {}))
    socket.pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address: Address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const replicas = [DIALER, LISTENER].map((id) => ({ id, address }))
  proxies = await Proxies.between({ replicas } as unknown as Cluster)
  return accepted
}

interface Dialed {
  readonly socket: Socket
  text: string
}

function dial(to: { readonly port: number } = proxies.address(DIALER, LISTENER) as Address): Dialed {
  const socket = connect(to.port, '127.0.0.1')
  const end: Dialed = { socket: socket.on('error', () => {}), text: '' }
  socket.setEncoding('utf8').on('data', (text: string) => {
    end.text += text
  })
  dialed.push(socket)
  return end
}

async function echo(end: Dialed, text: string): Promise<void> {
  end.socket.write(text)
  await until(`${text} comes back`, () => end.text.endsWith(text))
}

describe('a network that swallows', () => {
  test.each<Ways>(['both ways', 'to them', 'from them'])(
    'has lost a connection that was used, also when it is well again, until it is made anew: %s',
    async (ways) => {
      const accepted = await open()
      const first = dial()
      await echo(first, 'before')
      expect(proxies.apart()).toEqual([])
      proxies.swallow(directionsBetween(2, [DIALER], ways))
      first.socket.write('during')
      await until('it is lost', () => proxies.apart().length === 1)
      const swallowed = dial()
      swallowed.socket.write('a greeting')
      await once(swallowed.socket, 'connect')
      // By the time that another connection is answered, the proxy has read it.
      await echo(dial(server.address() as AddressInfo), 'past the proxies')
      proxies.heal()
      first.socket.write('after')
      const second = dial()
      await echo(second, 'anew')
      expect([first.text, swallowed.text]).toEqual(['before', ''])
      expect(proxies.apart()).toEqual([])
      // The dropped dial never arrived, and no end was reported.
      expect(accepted).toHaveLength(3)
      expect([...dialed, ...accepted].map(({ destroyed }) => destroyed)).not.toContain(true)
    },
  )

  test('leaves a connection alone that is not used meanwhile', async () => {
    await open()
    const idle = dial()
    await echo(idle, 'before')
    proxies.swallow(directionsBetween(2, [DIALER], 'both ways'))
    proxies.heal()
    await echo(idle, 'after')
    expect(proxies.apart()).toEqual([])
  })

  test('passes on an end where it loses nothing', async () => {
    const [accepted, end] = [await open(), dial()]
    await echo(end, 'before')
    proxies.swallow([{ from: DIALER, to: LISTENER }])
    accepted[0]?.resetAndDestroy()
    await once(end.socket, 'close')
  })
})
