/** A network between replicas that can be cut: a loopback proxy for every link, in front of the dialed end. */
import { connect, createServer, type Server } from 'node:net'
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { Address, Cluster } from '../../../src/messages/cluster.ts'
import type { Link, Links } from '../../language/cluster-harness.ts'
import { ProxiedConnection } from './proxied-connection.ts'

interface Proxy {
  readonly from: ReplicaId
  readonly to: ReplicaId
  readonly server: Server
  readonly address: Address
  readonly connections: Set<ProxiedConnection>
}

export class Proxies implements Links {
  readonly #proxies: Proxy[] = []
  readonly #cuts = new Set<string>()
  readonly #swallowed = new Set<string>()

  /** A proxy for each ordered pair, because the replicas decide which of the two dials. */
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
    this.#swallowed.clear()
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

  swallow(directions: readonly Link[]): void {
    for (const direction of directions) this.#swallowed.add(nameOf(direction))
  }

  apart(): readonly Link[] {
    const joined = new Set<string>()
    for (const { from, to, connections } of this.#proxies) {
      if (![...connections].some(({ passes }) => passes)) continue
      for (const link of [
        { from, to },
        { from: to, to: from },
      ])
        joined.add(nameOf(link))
    }
    return this.#proxies.filter((link) => link.from < link.to && !joined.has(nameOf(link)))
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#proxies.map(({ server, connections }) => {
        for (const connection of connections) connection.close()
        return new Promise((resolve) => server.close(resolve))
      }),
    )
  }

  #isCut(from: ReplicaId, to: ReplicaId): boolean {
    return this.#cuts.has(nameOf({ from, to }))
  }

  #apply(): void {
    for (const { connections } of this.#proxies) for (const connection of connections) connection.passOrHold()
  }

  #open(from: ReplicaId, to: ReplicaId, address: Address): Promise<void> {
    const connections = new Set<ProxiedConnection>()
    const isSwallowed = (link: Link): boolean => this.#swallowed.has(nameOf(link))
    const server = createServer((near) => {
      const connection = new ProxiedConnection({
        near,
        dial: () => connect(address),
        there: {
          isHeld: () => this.#isCut(from, to),
          isSwallowed: () => isSwallowed({ from, to }),
        },
        back: {
          isHeld: () => this.#isCut(to, from),
          isSwallowed: () => isSwallowed({ from: to, to: from }),
        },
        onClosed: () => connections.delete(connection),
      })
      connections.add(connection)
    })
    this.#proxies.push({
      from,
      to,
      server,
      connections,
      get address() {
        return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
      },
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve())
    })
  }
}

const nameOf = ({ from, to }: Link): string => `${from} to ${to}`
