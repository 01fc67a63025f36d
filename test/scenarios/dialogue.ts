/** The commands of a dialogue, and the lines of text that replicas make of them. */
import { assert } from '../../src/base/assert.ts'
import type { Batch, Message, Request, Verified } from '../../src/messages/message.ts'
import type { Effect, Outgoing, ProtocolMessage } from '../../src/pbft/effects.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import type { ClusterKit } from '../kit/cluster-kit.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'
import { Notation } from './notation.ts'

interface Underway {
  readonly from: number
  readonly to: number
  readonly message: Verified<ProtocolMessage>
}

/** One replica's reaction to something, as lines. */
interface Reaction {
  readonly replica: number
  readonly lines: readonly string[]
}

const ROUNDS_MAX = 10_000
const list = (text: string): number[] => text.split(',').map(Number)

/** A cluster of replicas under test that does what the commands of a dialogue say. */
export class Dialogue {
  readonly #kit: ClusterKit
  readonly #notation: Notation
  readonly #replicas: ReplicaUnderTest[]
  readonly #traitors = new Set<number>()
  readonly #cut = new Set<number>()
  /** The checkpoint whose state each replica has stored; decisions up to there are no longer in its log. */
  readonly #stored = new Map<number, number>()
  readonly #timestamps = new Map<number, number>()
  readonly #requests = new Map<string, Verified<Request>>()
  readonly #batches = new Map<string, Batch>()
  #queue: Underway[] = []
  #show: readonly string[] | null = null

  constructor(kit: ClusterKit) {
    this.#kit = kit
    this.#notation = new Notation(kit)
    this.#replicas = kit.ids.map((id) => new ReplicaUnderTest(kit, id))
  }

  perform(command: string): readonly string[] {
    const commands: readonly (readonly [RegExp, (...parts: string[]) => readonly string[]])[] = [
      [/^([A-J]) asks ([\d,]+)$/, (client, to) => this.#ask(client, to)],
      [/^([A-J]) asks again ([\d,]+)$/, (client, to) => this.#askAgain(client, to)],
      [/^deliver$/, () => this.#deliverAll()],
      [/^deliver (.+)$/, (filter) => this.#deliver(this.#take(filter))],
      [/^lose (.+)$/, (filter) => this.#lost(this.#take(filter))],
      [/^cut ([\d,]+)$/, (ids) => this.#separate(ids)],
      [/^join ([\d,]+)$/, (ids) => this.#join(ids)],
      [/^run (\d+) ticks?(?:, show ([A-Za-z -]+))?$/, (ticks, show) => this.#run(Number(ticks), show)],
      [/^(\d) is a traitor$/, (id) => this.#betray(Number(id))],
      [/^(\d) says (.+) to ([\d,]+)$/, (id, what, to) => this.#say(Number(id), what, list(to))],
      [/^crash ([\d,]+)$/, (ids) => this.#crash(list(ids))],
      [/^(\d) loses its disk$/, (id) => this.#loseDisk(Number(id))],
      [/^show$/, () => this.#table()],
    ]
    for (const [pattern, run] of commands) {
      const match = pattern.exec(command)
      if (match !== null) return run(...match.slice(1))
    }
    throw new Error(`No such command in a dialogue: ${command}`)
  }

  #ask(client: string, to: string): readonly string[] {
    const index = client.charCodeAt(0) - 65
    const timestamp = (this.#timestamps.get(index) ?? 0) + 1
    this.#timestamps.set(index, timestamp)
    const request = this.#kit.request(index, { timestamp })
    this.#requests.set(`${client}${timestamp}`, request)
    return this.#askFor(request, client, to)
  }

  #askAgain(client: string, to: string): readonly string[] {
    const name = `${client}${this.#timestamps.get(client.charCodeAt(0) - 65)}`
    const request = this.#requests.get(name)
    assert(request !== undefined, `client ${client} has asked before`)
    return this.#askFor(request, client, to)
  }

  #askFor(request: Verified<Request>, client: string, to: string): readonly string[] {
    const reactions = list(to).map((id) => this.#reaction(id, this.#replica(id).receive(request)))
    const head = `${client} → ${to}  ${this.#notation.message(request)}`
    return [head, ...this.#together(reactions), ...this.#sync()]
  }

  /** Takes the messages that match out of those under way: kinds, `from` ids, `to` ids. */
  #take(filter: string): readonly Underway[] {
    const match = /^([A-Z][A-Z -]*?)?(?:\s*s=(\d+))?(?:\s*from ([\d,]+))?(?:\s*to ([\d,]+))?$/.exec(filter)
    assert(match !== null, `a filter such as "COMMIT s=1 from 0 to 1,2", not "${filter}"`)
    const [, kinds, sequence, from, to] = match
    const matches = (one: Underway) =>
      (kinds === undefined || kinds.split(' ').includes(nameOf(one.message))) &&
      (sequence === undefined || ('sequence' in one.message && one.message.sequence === Number(sequence))) &&
      (from === undefined || list(from).includes(one.from)) &&
      (to === undefined || list(to).includes(one.to))
    const taken = this.#queue.filter(matches)
    this.#queue = this.#queue.filter((one) => !matches(one))
    assert(taken.length > 0, `nothing under way matches "${filter}"`)
    return taken
  }

  #lost(lost: readonly Underway[]): readonly string[] {
    return this.#grouped(lost, (group, receivers) => [
      `${group.from} → ${receivers.join(' ')}  ${this.#notation.message(group.message)}  lost`,
    ])
  }

  #separate(ids: string): readonly string[] {
    for (const id of list(ids)) this.#cut.add(id)
    this.#queue = this.#queue.filter((one) => !this.#isCut(one))
    return []
  }

  #join(ids: string): readonly string[] {
    for (const id of list(ids)) this.#cut.delete(id)
    return []
  }

  #isCut({ from, to }: Pick<Underway, 'from' | 'to'>): boolean {
    return this.#cut.has(from) || this.#cut.has(to)
  }

  #run(ticks: number, show: string | undefined): readonly string[] {
    this.#show = show === undefined ? null : show.split(' ')
    const out: string[] = []
    for (let tick = 1; tick <= ticks; tick++) {
      const reactions = this.#replicas.map((replica) => this.#reaction(replica.id, replica.tick()))
      const lines = [...this.#together(reactions), ...this.#sync(), ...this.#deliverAll()]
      for (const { id } of this.#replicas) lines.push(...this.#transferState(id))
      lines.push(...this.#deliverAll())
      if (lines.length > 0) out.push(`tick ${tick}`, ...lines)
    }
    this.#show = null
    return out
  }

  #deliverAll(): readonly string[] {
    const out: string[] = []
    for (let round = 0; this.#queue.length > 0; round++) {
      assert(round < ROUNDS_MAX, 'the replicas fall silent')
      out.push(...this.#deliver(this.#queue.splice(0)))
    }
    return out
  }

  #deliver(messages: readonly Underway[]): readonly string[] {
    const out = this.#grouped(messages, ({ from, message }, receivers) => {
      const reactions = receivers.map((to) =>
        this.#reaction(to, this.#replica(to).receive(message, this.#kit.replicaPeer(from))),
      )
      const lines = this.#together(reactions)
      const isShown = lines.length > 0 || (this.#show === null && message.kind !== 'status')
      if (!isShown) return lines
      return [`${from} → ${receivers.join(' ')}  ${this.#notation.message(message)}`, ...lines]
    })
    return [...out, ...this.#sync()]
  }

  /** Equal messages of one sender as one group, in the order of the first of each. */
  #grouped(
    messages: readonly Underway[],
    tell: (first: Underway, receivers: readonly number[]) => readonly string[],
  ): string[] {
    const groups = new Map<string, Underway[]>()
    for (const one of messages) {
      const key = `${one.from} ${this.#notation.message(one.message)}`
      groups.set(key, [...(groups.get(key) ?? []), one])
    }
    return [...groups.values()].flatMap((group) => {
      const [first] = group
      return first === undefined ? [] : tell(first, [...new Set(group.map(({ to }) => to))])
    })
  }

  /** Everything appended is synced: what waited for the disk leaves. */
  #sync(): readonly string[] {
    const reactions = this.#replicas.map((replica) => this.#reaction(replica.id, replica.settle()))
    const stored = this.#replicas.map((replica) => this.#reaction(replica.id, this.#store(replica)))
    return [...this.#together(reactions, 'synced: '), ...this.#together(stored, 'stores it: ')]
  }

  /** A stable state that is not stored yet is: the log in front of it can go. */
  #store(replica: ReplicaUnderTest): readonly Effect[] {
    const { sequence } = replica.state.checkpoints.stable
    if (sequence === 0 || this.#stored.get(replica.id) === sequence) return []
    if (!replica.snapshots.has(sequence)) return []
    this.#stored.set(replica.id, sequence)
    return replica.store()
  }

  /** Performs what a replica wants of the network, and says what it did. */
  #reaction(replica: number, effects: readonly Effect[]): Reaction {
    const lines: string[] = []
    for (const effect of effects) {
      if (this.#traitors.has(replica)) continue
      const text = this.#notation.effect(effect)
      const isShown = this.#show === null || this.#show.some((word) => text?.includes(word))
      if (text !== null && isShown) lines.push(text)
      this.#perform(replica, effect)
    }
    return { replica, lines }
  }

  #perform(from: number, effect: Effect): void {
    if (effect.kind === 'send') this.#send(from, effect.to, effect.outgoing)
    if (effect.kind === 'broadcast') {
      for (const to of this.#kit.ids) if (to !== from) this.#send(from, to, effect.outgoing)
    }
    if (effect.kind !== 'serve') return
    for (const { sequence, batch, commits } of this.#replica(from).executed) {
      const [first] = commits
      if (first === undefined || !effect.sequences.includes(sequence)) continue
      if (sequence <= (this.#stored.get(from) ?? 0)) continue
      this.#send(from, effect.to, { kind: 'decision', view: first.view, sequence, batch, commits })
    }
  }

  #send(from: number, to: number, outgoing: Outgoing): void {
    const bytes = outgoing.kind === 'relayed' ? outgoing.message.bytes : this.#kit.frameOf(from, outgoing)
    this.#put(from, to, this.#kit.accept(bytes, this.#kit.replicaPeer(from)))
  }

  #put(from: number, to: number, message: Verified<Message>): void {
    if (!this.#isCut({ from, to }))
      this.#queue.push({ from, to, message: message as Verified<ProtocolMessage> })
  }

  /** Reactions that are alike stand in one line, behind the replicas that they are of. */
  #together(reactions: readonly Reaction[], before = ''): readonly string[] {
    const lines = new Map<string, number[]>()
    for (const { replica, lines: said } of reactions) {
      if (said.length === 0) continue
      const text = said.join('; ')
      lines.set(text, [...(lines.get(text) ?? []), replica])
    }
    return [...lines].map(([text, ids]) => `    ${ids.join(' ')}: ${before}${text}`)
  }

  /** The state that a replica wants, from the first that has it and is reached. */
  #transferState(id: number): readonly string[] {
    const replica = this.#replica(id)
    const wanted = replica.transferring
    if (wanted === null) return []
    for (const source of this.#replicas) {
      const snapshot = source.snapshots.get(wanted.sequence)
      if (source.id === id || snapshot === undefined || this.#isCut({ from: source.id, to: id })) continue
      const reaction = this.#reaction(id, replica.transfer(wanted, snapshot))
      return [`    ${id}: has the state of s=${wanted.sequence}`, ...this.#together([reaction])]
    }
    return []
  }

  #betray(id: number): readonly string[] {
    this.#traitors.add(id)
    return []
  }

  #say(id: number, what: string, to: readonly number[]): readonly string[] {
    const message = this.#spoken(id, what)
    for (const receiver of to) this.#put(id, receiver, message)
    return []
  }

  #spoken(sender: number, what: string): Verified<Message> {
    const order = /^(PRE-PREPARE|PREPARE|COMMIT) v=(\d+) s=(\d+) (.+)$/.exec(what)
    if (order !== null) {
      const [, name, view, sequence, named] = order as unknown as string[]
      const batch = this.#batchNamed(named ?? '')
      const place = { view: Number(view), sequence: Number(sequence), sender }
      if (name === 'PRE-PREPARE') return this.#kit.prePrepare({ ...place, batch })
      return this.#kit.vote(name === 'PREPARE' ? 'prepare' : 'commit', sender, {
        ...place,
        digest: batch.digest,
      })
    }
    const viewChange = /^VIEW-CHANGE v=(\d+)$/.exec(what)
    if (viewChange !== null) return this.#kit.viewChange(sender, Number(viewChange[1]))
    const newView = /^NEW-VIEW v=(\d+) of ([\d,]+) choosing (.+)$/.exec(what)
    assert(newView !== null, `a message that a traitor can say, not "${what}"`)
    const [, view, of, chosen] = newView as unknown as string[]
    return this.#falseNewView(sender, Number(view), list(of ?? ''), chosen ?? '')
  }

  /** A NEW-VIEW on the true VIEW-CHANGEs that its sender holds, with another O. */
  #falseNewView(sender: number, view: number, of: readonly number[], chosen: string): Verified<Message> {
    const held = this.#replica(sender).state.views.viewChanges.flatMap((one) =>
      one?.kind === 'view-change' && one.view === view && of.includes(one.sender) ? [one] : [],
    )
    assert(held.length === of.length, `replica ${sender} holds VIEW-CHANGEs of ${of} for view ${view}`)
    const choices = chosen.split(', ').map((entry) => {
      const [sequence, name] = entry.split(': ')
      return { sequence: Number(sequence), digest: this.#batchNamed(name ?? '').digest }
    })
    return this.#kit.newView(view, { viewChanges: held, choices, sender })
  }

  /** `{A1 B1}` as a batch of these requests, `null` as the null batch. */
  #batchNamed(name: string): Batch {
    if (name === 'null') return this.#kit.batch([], 0)
    const known = this.#batches.get(name)
    if (known !== undefined) return known
    const requests = name
      .replace(/[{}]/g, '')
      .split(' ')
      .map((word) => {
        const request = this.#requests.get(word)
        assert(request !== undefined, `a request that was asked before, not ${word}`)
        return request
      })
    const batch = this.#kit.batch(requests)
    this.#batches.set(name, batch)
    this.#notation.batch(batch)
    return batch
  }

  #crash(ids: readonly number[]): readonly string[] {
    this.#queue = this.#queue.filter(({ from, to }) => !ids.includes(to) && !ids.includes(from))
    const reactions = ids.map((id) => {
      const restarted = this.#replica(id).restarted()
      this.#replicas[id] = restarted
      return this.#reaction(id, restarted.resumed)
    })
    return [...this.#together(reactions, 'starts again: '), ...this.#sync()]
  }

  #loseDisk(id: number): readonly string[] {
    this.#queue = this.#queue.filter(({ from, to }) => to !== id && from !== id)
    const replica = new ReplicaUnderTest(this.#kit, id, { isAmnesiac: true })
    this.#replicas[id] = replica
    this.#stored.delete(id)
    return [...this.#together([this.#reaction(id, replica.resumed)]), ...this.#sync()]
  }

  #table(): readonly string[] {
    return this.#replicas
      .filter(({ id }) => !this.#traitors.has(id))
      .map(({ id, state, executed }) => {
        const history = executed.map(({ sequence, batch }) => `${sequence}: ${this.#notation.batch(batch)}`)
        const view = state.views.isActive
          ? `in view ${state.views.view}`
          : `waits for view ${state.views.view}`
        const recent = history.length > 4 ? ['…', ...history.slice(-3)] : history
        return `    ${id}: ${conditionOf(state)}, ${view}, h=${state.checkpoints.lowWatermark}, executed ${state.ordering.lastExecuted} [${recent.join(', ')}]`
      })
  }

  #replica(id: number): ReplicaUnderTest {
    const replica = this.#replicas[id]
    assert(replica !== undefined, `a replica of this cluster, not ${id}`)
    return replica
  }
}

const nameOf = (message: ProtocolMessage): string => message.kind.replace(/^oral-/, '').toUpperCase()
