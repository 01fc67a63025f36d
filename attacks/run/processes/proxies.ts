/** A network between replicas that can be cut: a proxy on loopback for every link, in front of the end that is dialed. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { Address, Cluster } from '../../../src/messages/cluster.ts'
import type { Link, Links } from '../../language/cluster-harness.ts'

interface Proxy {
  readonly from: ReplicaId
  readonly to: ReplicaId
  readonly server: Server
  readonly address: Address
  readonly pairs: Set<readonly [Socket, Socket]>
}

export class Proxies implements Links {
  readonly #proxies: Proxy[] = []
  readonly #cuts = new Set<string>()

  /** A proxy for each ordered pair: which of the two dials is for the replicas to know. */
  static async between(cluster: Cluster): Promise<Proxies> {
    const proxies = new Proxies()
    for (const { id: from } of cluster.replicas) {
      for (const { id: to, address } of cluster.replicas) {
        if (from !== to) await proxies.#open(from, to, address)
      }
    }
    return proxies
  }

  /** The address at which `from` reaches `to`. */
  address(from: number, to: number): Address | undefined {
    return this.#proxies.find((proxy) => proxy.from === from && proxy.to === to)?.address
  }

  isolate(ids: readonly ReplicaId[]): void {
    this.#cuts.clear()
    for (const { from, to } of this.#proxies) {
      if (ids.includes(from) !== ids.includes(to)) this.#cuts.add(nameOf({ from, to }))
    }
    this.#apply()
  }

  heal(): void {
    this.isolate([])
  }

  cut(link: Link): void {
    this.#cuts.add(nameOf(link))
    this.#apply()
  }

  mend(link: Link): void {
    this.#cuts.delete(nameOf(link))
    this.#apply()
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#proxies.map(({ server, pairs }) => {
        for (const pair of pairs) for (const socket of pair) socket.destroy()
        return new Promise((resolve) => server.close(resolve))
      }),
    )
  }

  #isCut(from: ReplicaId, to: ReplicaId): boolean {
    return this.#cuts.has(nameOf({ from, to }))
  }

  #apply(): void {
    for (const proxy of this.#proxies) for (const pair of proxy.pairs) this.#passOrHold(proxy, pair)
  }

  /** Neither end is told: what they send waits, as in a network that lost its way. */
  #passOrHold({ from, to }: Proxy, [near, far]: readonly [Socket, Socket]): void {
    passOrHold(near, this.#isCut(from, to))
    passOrHold(far, this.#isCut(to, from))
  }

  #open(from: ReplicaId, to: ReplicaId, address: Address): Promise<void> {
    const pairs = new Set<readonly [Socket, Socket]>()
    const server = createServer((near) => {
      const far = connect(address)
      const pair = [near, far] as const
      pairs.add(pair)
      join(near, far, () => this.#isCut(from, to))
      join(far, near, () => this.#isCut(to, from))
      near.once('close', () => pairs.delete(pair))
      this.#passOrHold(proxy, pair)
    })
    const proxy: Proxy = {
      from,
      to,
      server,
      pairs,
      get address() {
        return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
      },
    }
    this.#proxies.push(proxy)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve())
    })
  }
}

const nameOf = ({ from, to }: Link): string => `${from} to ${to}`

function passOrHold(socket: Socket, isCut: boolean): void {
  if (isCut) socket.pause()
  else socket.resume()
}

/** Passes on what comes in, and the end with it. */
function join(from: Socket, to: Socket, isHeld: () => boolean): void {
  from.setNoDelay(true)
  from.on('data', (bytes) => {
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => {
      if (!isHeld()) from.resume()
    })
  })
  from.on('error', () => {}) // its close follows
  from.once('close', () => to.destroy())
}
