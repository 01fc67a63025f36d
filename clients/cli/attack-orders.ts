/** Orders to play attacks: from a gateway to the process that started the cluster, and from there to its replicas. */
import { liveAttacks } from '../../attacks/run/live-catalogue.ts'
import type { PlayNews, PlayOrder } from '../../attacks/run/processes/ordered-replica.ts'
import type { LocalCluster } from '../../replicas/local-cluster.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { LiveAttackDocument } from '../api/live-attacks.ts'
import type { AttackOwner } from '../gateway/live-attacks.ts'

/** The gateway's order to its parent process. */
interface GatewayOrder {
  readonly order: { readonly replica: number; readonly attack: string | null }
}

/** The parent's word to the gateway: what there is to play, or what a replica plays. */
type ParentWord =
  | { readonly catalogue: readonly LiveAttackDocument[] }
  | ({ readonly replica: number } & PlayNews)

/** Passes the orders of a cluster's gateway on to its replicas, and their news back. In the process that owns both. */
export class OrderRelay {
  readonly #playing = new Map<number, string>()
  #local: LocalCluster | null = null

  /** Takes a message of a child; that of the gateway has no id. */
  take(id: number | null, message: unknown): void {
    if (typeof message !== 'object' || message === null) return
    if (id !== null && 'plays' in message) {
      this.#local?.tell(null, { replica: id, ...(message as PlayNews) } satisfies ParentWord)
    } else if (id === null && 'order' in message) this.#pass((message as GatewayOrder).order)
  }

  begin(local: LocalCluster, { mode, replicas }: Cluster): void {
    this.#local = local
    const catalogue = liveAttacks(mode, faultsMax(replicas.length))
    local.tell(null, { catalogue } satisfies ParentWord)
  }

  #pass({ replica, attack }: GatewayOrder['order']): void {
    if (attack === null) this.#playing.delete(replica)
    else this.#playing.set(replica, attack)
    // All traitors learn of each other: they do not attack their own kind.
    const traitors = [...this.#playing.keys()]
    for (const id of new Set([replica, ...traitors])) {
      const order: PlayOrder = { play: this.#playing.get(id) ?? null, traitors }
      this.#local?.tell(id, order)
    }
  }
}

interface Waiting {
  readonly replica: number
  readonly attack: string | null
  resolve(): void
}

/** The owner of the attacks as the gateway sees it: its parent process, over the channel between them. */
export function parentAsOwner(): AttackOwner {
  let catalogue: readonly LiveAttackDocument[] = []
  const news = new Map<number, PlayNews>()
  const waiting = new Set<Waiting>()
  process.on('message', (word: ParentWord) => {
    if ('catalogue' in word) {
      catalogue = word.catalogue
      return
    }
    news.set(word.replica, word)
    for (const each of waiting) {
      if (each.replica === word.replica && each.attack === word.plays) each.resolve()
    }
  })
  return {
    get catalogue() {
      return catalogue
    },
    acts: (replica) => news.get(replica)?.acts ?? 0,
    order: (replica, attack, waitMs) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer)
          waiting.delete(mine)
        }
        const mine: Waiting = {
          replica,
          attack,
          resolve: () => {
            done()
            resolve()
          },
        }
        const timer = setTimeout(() => {
          done()
          reject(new Error(`replica ${replica} did not follow within ${waitMs / 1000} seconds`))
        }, waitMs)
        waiting.add(mine)
        process.send?.({ order: { replica, attack } } satisfies GatewayOrder)
      }),
  }
}
