/**
 * A network of Linux network namespaces on this machine that can silently lose packets: a namespace for each node and
 * a router between them. Dropped packets cause no reset and no ICMP message, so the kernels at both ends learn
 * nothing.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A network for each node, below 10.77: the router has its first address, the node the second. */
const NETWORK = '10.77'
let made = 0

/** One direction between two nodes. */
export interface Direction {
  readonly from: number
  readonly to: number
}

export class Namespaces {
  readonly #prefix = `strat${process.pid}x${made++}`
  readonly #router = `${this.#prefix}r`
  readonly #names: string[] = []
  readonly #rules: string[][] = []

  /** The reason why this machine cannot have one, as a sentence; null if it can. */
  static whyNot(): string | null {
    if (process.platform !== 'linux') return 'Network namespaces need Linux.'
    if (process.getuid?.() !== 0) return 'Network namespaces need root.'
    const probe = new Namespaces()
    try {
      probe.#addNode(0)
      return null
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (isMissing) return 'Network namespaces need iproute2: apt-get install iproute2.'
      return `Network namespaces cannot be made here: ${(error as Error).message.trim().split('\n').at(-1)}`
    } finally {
      probe.close()
    }
  }

  static create(nodes: number): Namespaces {
    const made = new Namespaces()
    try {
      for (let node = 0; node < nodes; node++) made.#addNode(node)
      return made
    } catch (error) {
      made.close()
      throw error
    }
  }

  address(node: number): string {
    return `${NETWORK}.${node}.2`
  }

  /** Makes every node know these names: those of each node in turn. */
  nameNodes(names: readonly string[]): void {
    const hosts = names.map((name, node) => `${this.address(node)} ${name}\n`).join('')
    for (const node of names.keys()) {
      const folder = hostsFolder(this.#nameOf(node))
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${hosts}`)
    }
  }

  /** The command line that runs a program at a node. */
  at(node: number, ...command: readonly string[]): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#nameOf(node), ...command]
  }

  /** Makes the router drop packets in these directions. */
  swallow(directions: readonly Direction[]): void {
    for (const { from, to } of directions) {
      const rule = ['iif', `r${from}`, 'to', this.address(to), 'blackhole']
      ip('-n', this.#router, 'rule', 'add', ...rule)
      this.#rules.push(rule)
    }
  }

  /** Makes the router forward everything again. */
  heal(): void {
    for (const rule of this.#rules.splice(0)) ip('-n', this.#router, 'rule', 'del', ...rule)
  }

  /** Removes the network; processes at its nodes must have ended. */
  close(): void {
    for (const name of this.#names.splice(0)) {
      rmSync(hostsFolder(name), { recursive: true, force: true })
      try {
        ip('netns', 'del', name)
      } catch {
        // It was never made; the others are removed anyway.
      }
    }
  }

  #nameOf(node: number): string {
    return `${this.#prefix}n${node}`
  }

  #addNode(node: number): void {
    if (this.#names.length === 0) {
      this.#addNamespace(this.#router)
      ip('netns', 'exec', this.#router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    }
    const name = this.#nameOf(node)
    this.#addNamespace(name)
    const router = `r${node}`
    const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', name]
    ip('-n', this.#router, 'link', 'add', router, ...pair)
    ip('-n', this.#router, 'addr', 'add', `${NETWORK}.${node}.1/30`, 'dev', router)
    ip('-n', this.#router, 'link', 'set', router, 'up')
    ip('-n', name, 'addr', 'add', `${this.address(node)}/30`, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('-n', name, 'route', 'add', 'default', 'via', `${NETWORK}.${node}.1`)
  }

  #addNamespace(name: string): void {
    ip('netns', 'add', name)
    this.#names.push(name)
  }
}

/** The folder whose files `ip netns exec` shows a program in place of those in `/etc`. */
const hostsFolder = (name: string): string => join('/etc/netns', name)

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })
}
