/** Messages, log records and effects in the notation of the dialogues: the paper's names, and a name for each batch. */
import { toHex } from '../../src/base/bytes.ts'
import type { Batch, CheckpointCertificate, PrePrepareHeader, Request } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Effect, LogRecord, Outgoing, ProtocolMessage } from '../../src/pbft/effects.ts'
import { type ClusterKit, hash } from '../kit/cluster-kit.ts'

type Sendable = Exclude<Outgoing, { readonly kind: 'relayed' }>
type Described = ProtocolMessage | Sendable

/** The senders of votes as a set, for example {0,1,2}. */
const senders = (of: readonly { readonly sender: number }[]): string =>
  `{${of.map(({ sender }) => sender).join(',')}}`

/** Names batches by their requests (`{A1 B1}`), clients by letters and roots of states by number (`r1`). */
export class Notation {
  readonly #kit: ClusterKit
  readonly #batches = new Map<string, string>()
  readonly #roots = new Map<string, string>()

  constructor(kit: ClusterKit) {
    this.#kit = kit
    this.#batches.set(toHex(kit.nullDigest), 'null')
  }

  /** A client's letter and the timestamp, or the replica whose recovery operation it is. */
  request({ client, timestamp }: Request): string {
    for (let index = 0; index < 10; index++) {
      if (this.#kit.clientId(index) === client) return `${String.fromCharCode(65 + index)}${timestamp}`
    }
    const replica = this.#kit.replicaClients.indexOf(client)
    return replica < 0 ? 'a stranger' : `recovery of ${replica}`
  }

  batch(batch: Batch): string {
    const key = toHex(batch.digest)
    const known = this.#batches.get(key)
    if (known !== undefined) return known
    const requests = batch.requests.map((request) => this.request(request)).join(' ')
    const name = requests === '' ? '{clock}' : `{${requests}}`
    const used = [...this.#batches.values()].filter((other) => other.replaceAll("'", '') === name)
    // The same requests in another batch: {A1}', then {A1}''.
    const unique = name + "'".repeat(used.length)
    this.#batches.set(key, unique)
    return unique
  }

  digest(digest: Uint8Array): string {
    return this.#batches.get(toHex(digest)) ?? `D ${toHex(digest).slice(0, 6)}`
  }

  root(root: Uint8Array): string {
    const key = toHex(root)
    const known = this.#roots.get(key) ?? `r${this.#roots.size + 1}`
    this.#roots.set(key, known)
    return known
  }

  /** (v, s, D) */
  #order({ view, sequence, digest }: Pick<PrePrepareHeader, 'view' | 'sequence' | 'digest'>): string {
    return `v=${view} s=${sequence} ${this.digest(digest)}`
  }

  stable({ sequence, checkpoints }: CheckpointCertificate): string {
    return sequence === 0 ? 'h=0' : `h=${sequence} C=${senders(checkpoints)}`
  }

  message(message: Described): string {
    const name = message.kind.replace(/^oral-/, '').toUpperCase()
    return `${name}${this.#about(message)}`
  }

  #about(message: Described): string {
    switch (message.kind) {
      case 'request':
        return ` ${this.request(message)}`
      case 'pre-prepare':
        return ` v=${message.view} s=${message.sequence} ${this.batch(message.batch)}`
      case 'prepare':
      case 'commit':
        return ` ${this.#order(message)}`
      case 'decision':
        return ` v=${message.view} s=${message.sequence} ${this.batch(message.batch)} COMMITs=${senders(message.commits)}`
      case 'checkpoint':
        return ` s=${message.sequence} ${this.root(message.root)}`
      case 'stable-checkpoint':
        return ` ${this.stable(message.stable)}`
      case 'status':
        return ` v=${message.view} executed=${message.lastExecuted}`
      case 'fetch':
        return ` s=${message.sequence} ${this.digest(message.digest)}`
      case 'batch':
        return ` s=${message.sequence} ${this.batch(message.batch)}`
      case 'exhibit':
        return ` ${message.messages.map((shown) => this.#shown(shown)).join(' and ')}`
      default:
        return this.#aboutViews(message)
    }
  }

  #shown(shown: { readonly envelope: Uint8Array }): string {
    const signed = shown as unknown as { readonly kind: string; readonly sender: number } & PrePrepareHeader
    const what = signed.digest === undefined ? '' : ` ${this.#order(signed)}`
    return `${signed.kind.toUpperCase()} of ${signed.sender}${what}`
  }

  #aboutViews(message: Described): string {
    switch (message.kind) {
      case 'view-change': {
        const entries = message.preparedCertificates.map(({ prePrepare }) => this.#entry(prePrepare))
        return ` v=${message.view} ${this.stable(message.stable)} P={${entries.join(', ')}}`
      }
      case 'new-view':
        return ` v=${message.view} ${this.#newView(message)}`
      case 'oral-view-change': {
        const prepared = message.preparedClaims.map((claim) => this.#entry(claim))
        const prePrepared = message.prePrepareClaims.map((claim) => this.#entry(claim))
        return ` v=${message.view} h=${message.lowWatermark} P={${prepared.join(', ')}} Q={${prePrepared.join(', ')}}`
      }
      case 'oral-new-view': {
        const choices = message.choices.map(({ sequence, digest }) => `${sequence}: ${this.digest(digest)}`)
        return ` v=${message.view} V=${senders(message.cited)} h=${message.checkpoint.sequence} O={${choices.join(', ')}}`
      }
      case 'view-change-ack':
      case 'view-change-fetch':
        return ` v=${message.view} of ${message.of}`
      default:
        return ''
    }
  }

  #entry({ view, sequence, digest }: Pick<PrePrepareHeader, 'view' | 'sequence' | 'digest'>): string {
    return `${sequence}: ${this.digest(digest)} from v=${view}`
  }

  #newView(message: Extract<Described, { readonly kind: 'new-view' }>): string {
    const parts = 'contents' in message ? message.contents : message
    if (isRejection(parts)) return 'with a false O or V'
    const chosen = 'prePrepares' in parts ? parts.prePrepares : parts.choices
    const choices = chosen.map(({ sequence, digest }) => `${sequence}: ${this.digest(digest)}`)
    return `V=${senders(parts.viewChanges)} O={${choices.join(', ')}}`
  }

  record(record: LogRecord): string {
    switch (record.kind) {
      case 'proposed':
        return `proposed v=${record.content.view} s=${record.content.sequence} ${this.batch(record.content.batch)}`
      case 'accepted':
        return `accepted ${this.#order(record.prePrepare)}`
      case 'prepared':
        return `prepared ${this.#order(record.certificate.prePrepare)} PREPAREs=${senders(record.certificate.prepares)}`
      case 'decided':
        return `decided s=${record.commits[0]?.sequence} ${this.batch(record.batch)} COMMITs=${senders(record.commits)}`
      case 'batch':
        return `batch s=${record.sequence} ${this.batch(record.batch)}`
      case 'checkpoint':
        return `checkpoint s=${record.sequence} ${this.root(record.root)}`
      case 'stable':
        return `stable ${this.stable(record.stable)}`
      case 'view-change':
      case 'new-view-made':
        return this.message(record.content)
      case 'new-view':
        return this.message(record.newView)
      case 'acknowledged':
        return `acknowledged the VIEW-CHANGE v=${record.view} of ${record.of}`
      case 'healed':
        return `healed, from v=${record.view} on`
      case 'evidence':
        return `evidence: ${this.#shown(record.evidence.first)} and ${this.#shown(record.evidence.second)}`
      case 'recovery':
        return 'its recovery operation'
      case 'recoveries':
        return `recovering: ${record.waiting.map(([id, at]) => `${id} since s=${at.sequence} in v=${at.view}`).join(', ') || 'nobody'}`
      default:
        return record.kind
    }
  }

  /** The text of an effect, or null where a dialogue has nothing to say of it. */
  effect(effect: Effect): string | null {
    switch (effect.kind) {
      case 'persist':
        return `logs ${this.record(effect.record)}`
      case 'broadcast':
        return this.#isQuiet(effect.outgoing) ? null : `sends ${this.#outgoing(effect.outgoing)} to all`
      case 'send':
        return this.#isQuiet(effect.outgoing)
          ? null
          : `sends ${this.#outgoing(effect.outgoing)} to ${effect.to}`
      case 'execute':
        return `executes s=${effect.sequence} ${this.batch(effect.batch)}`
      case 'reply':
        return `replies to the clients of s=${effect.sequence}`
      case 'reply-again':
        return `replies again to ${this.request(effect.request)}`
      case 'refuse':
        return `refuses timestamp ${effect.timestamp}: ${effect.reason}`
      case 'reject':
        return `rejects ${this.message(effect.message)}: ${effect.reason}${effect.evidence === undefined ? '' : ', which is evidence'}`
      case 'serve':
        return `serves the decisions of s=${effect.sequences.join(',')} to ${effect.to}`
      case 'serve-batch':
        return `serves the batch of s=${effect.sequence} to ${effect.to}`
      default:
        return this.#stateEffect(effect)
    }
  }

  #stateEffect(effect: Effect): string | null {
    switch (effect.kind) {
      case 'snapshot':
        return `freezes its state after s=${effect.sequence}`
      case 'stable':
        return `has a stable checkpoint: ${this.stable(effect.stable)}`
      case 'trim':
        return `trims its log up to s=${effect.upTo}`
      case 'transfer':
        return `fetches the state of ${this.stable(effect.stable)}`
      case 'stop-transfer':
        return 'stops fetching'
      case 'prepare-recovery':
        return 'makes a recovery operation'
      default:
        return null
    }
  }

  #outgoing(outgoing: Outgoing): string {
    return this.message(outgoing.kind === 'relayed' ? outgoing.message : outgoing)
  }

  /** STATUS is a heartbeat: a dialogue tells of it only where it changes something. */
  #isQuiet(outgoing: Outgoing): boolean {
    return outgoing.kind === 'status'
  }

  /** A digest that belongs to no batch. */
  strangeDigest(number: number): Uint8Array {
    return hash(Uint8Array.of(number))
  }
}
