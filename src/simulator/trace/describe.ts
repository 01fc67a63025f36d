/** Steps in words and numbers: what a trace is made of, whether it is hashed or read. */
import { assertNever } from '../../base/assert.ts'
import type { CheckpointCertificate, SignedOnce, ViewChange } from '../../messages/message.ts'
import type { OralViewChangeContent } from '../../messages/oral/message.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../../pbft/effects.ts'

/** Takes a description piece by piece. Words come from a small fixed set. */
export interface DescriptionSink {
  word(word: string): void
  /** A number and what it counts. */
  number(label: string, value: number): void
  digest(digest: Uint8Array): void
}

export function describeEvent(sink: DescriptionSink, event: Event): void {
  sink.word(event.kind)
  switch (event.kind) {
    case 'received':
      return describeMessage(sink, event.message)
    case 'ticked':
      return sink.number('at', event.now)
    case 'persisted':
      return sink.number('records', event.records)
    case 'executed':
      return sink.number('s', event.sequence)
    case 'snapshot-taken':
      sink.number('s', event.sequence)
      return sink.digest(event.root)
    case 'stored':
      return sink.number('s', event.sequence)
    case 'transferred':
      return describeStable(sink, event.stable)
    case 'recovery-prepared':
      return describeMessage(sink, event.request)
    case 'transfer-gone':
    case 'resumed':
      return
    default:
      assertNever(event)
  }
}

export function describeEffect(sink: DescriptionSink, effect: Effect): void {
  sink.word(effect.kind)
  switch (effect.kind) {
    case 'persist':
      return describeRecord(sink, effect.record)
    case 'send':
      sink.number('to', effect.to)
      return describeOutgoing(sink, effect.outgoing)
    case 'broadcast':
      return describeOutgoing(sink, effect.outgoing)
    case 'execute':
      sink.number('s', effect.sequence)
      return sink.digest(effect.batch.digest)
    case 'reply':
    case 'snapshot':
      return sink.number('s', effect.sequence)
    case 'trim':
      return sink.number('s', effect.upTo)
    case 'stable':
    case 'transfer':
      return describeStable(sink, effect.stable)
    case 'stop-transfer':
    case 'prepare-recovery':
      return
    case 'reply-again':
      return describeMessage(sink, effect.request)
    case 'refuse':
      sink.number('t', effect.timestamp)
      return sink.word(effect.reason)
    case 'serve':
      sink.number('to', effect.to)
      for (const sequence of effect.sequences) sink.number('s', sequence)
      return
    case 'serve-batch':
      sink.number('to', effect.to)
      return sink.number('s', effect.sequence)
    case 'reject':
      sink.word(effect.reason)
      return describeMessage(sink, effect.message)
    default:
      assertNever(effect)
  }
}

function describeMessage(sink: DescriptionSink, message: ProtocolMessage): void {
  sink.word(message.kind)
  switch (message.kind) {
    case 'request':
      sink.number('t', message.timestamp)
      return sink.digest(message.digest)
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
    case 'decision':
      sink.number('of', message.sender)
      return describePlace(sink, message)
    case 'status':
      sink.number('of', message.sender)
      sink.number('v', message.view)
      return sink.number('executed', message.lastExecuted)
    case 'checkpoint':
      sink.number('of', message.sender)
      sink.number('s', message.sequence)
      return sink.digest(message.root)
    case 'stable-checkpoint':
      return describeStable(sink, message.stable)
    case 'view-change':
      sink.number('of', message.sender)
      return describeViewChange(sink, message)
    case 'recall':
    case 'recollection':
      return sink.number('of', message.sender)
    case 'oral-view-change':
      sink.number('of', message.sender)
      return describeClaims(sink, message)
    case 'view-change-ack':
    case 'view-change-fetch':
      sink.number('of', message.sender)
      return describeNamed(sink, message)
    case 'view-change-delivery':
      sink.number('of', message.sender)
      return describeClaims(sink, message.viewChange)
    case 'oral-recollection':
    case 'mac-complaint':
      return sink.number('of', message.sender)
    case 'oral-new-view':
      sink.number('of', message.sender)
      sink.number('choices', message.choices.length)
      return sink.number('v', message.view)
    case 'exhibit':
      sink.number('of', message.sender)
      for (const shown of message.messages) describeSigned(sink, shown)
      return
    case 'new-view':
      sink.number('of', message.sender)
      return sink.number('v', message.view)
    case 'fetch':
      sink.number('of', message.sender)
      sink.number('s', message.sequence)
      return sink.digest(message.digest)
    case 'batch':
      sink.number('of', message.sender)
      sink.number('s', message.sequence)
      return sink.digest(message.batch.digest)
    default:
      assertNever(message)
  }
}

function describeOutgoing(sink: DescriptionSink, outgoing: Outgoing): void {
  if (outgoing.kind === 'relayed') return describeMessage(sink, outgoing.message)
  sink.word(outgoing.kind)
  switch (outgoing.kind) {
    case 'pre-prepare':
    case 'decision':
      return describePlace(sink, { ...outgoing, digest: outgoing.batch.digest })
    case 'prepare':
    case 'commit':
      return describePlace(sink, outgoing)
    case 'status':
      sink.number('v', outgoing.view)
      return sink.number('executed', outgoing.lastExecuted)
    case 'checkpoint':
      sink.number('s', outgoing.sequence)
      return sink.digest(outgoing.root)
    case 'stable-checkpoint':
      return describeStable(sink, outgoing.stable)
    case 'view-change':
      return describeViewChange(sink, outgoing)
    case 'new-view':
      sink.number('v', outgoing.view)
      return sink.number('choices', outgoing.choices.length)
    case 'oral-view-change':
      return describeClaims(sink, outgoing)
    case 'oral-new-view':
      sink.number('v', outgoing.view)
      return sink.number('choices', outgoing.choices.length)
    case 'view-change-ack':
    case 'view-change-fetch':
      return describeNamed(sink, outgoing)
    case 'recall':
    case 'recollection':
    case 'view-change-delivery':
    case 'oral-recollection':
    case 'mac-complaint':
      return
    case 'exhibit':
      return sink.number('messages', outgoing.messages.length)
    case 'page-fetch':
    case 'page':
      return sink.number('s', outgoing.sequence)
    case 'fetch':
      sink.number('s', outgoing.sequence)
      return sink.digest(outgoing.digest)
    case 'batch':
      sink.number('s', outgoing.sequence)
      return sink.digest(outgoing.batch.digest)
    default:
      assertNever(outgoing)
  }
}

function describeRecord(sink: DescriptionSink, record: LogRecord): void {
  sink.word(record.kind)
  switch (record.kind) {
    case 'proposed':
      return describePlace(sink, { ...record.content, digest: record.content.batch.digest })
    case 'accepted':
      return describePlace(sink, record.prePrepare)
    case 'batch':
      sink.number('s', record.sequence)
      return sink.digest(record.batch.digest)
    case 'view-change':
      return record.content.kind === 'view-change'
        ? describeViewChange(sink, record.content)
        : describeClaims(sink, record.content)
    case 'acknowledged':
      return describeNamed(sink, record)
    case 'pre-prepared':
      return sink.number('claims', record.claims.length)
    case 'new-view-made':
      return sink.number('v', record.content.view)
    case 'new-view':
      return sink.number('v', record.newView.view)
    case 'view-again':
      return sink.number('v', record.message.view)
    case 'evidence':
      describeSigned(sink, record.evidence.first)
      return describeSigned(sink, record.evidence.second)
    case 'recoveries':
      return sink.number('waiting', record.waiting.length)
    case 'forgotten':
      return
    case 'healed':
      return sink.number('v', record.view)
    case 'recovery':
      return sink.digest(record.request.digest)
    case 'checkpoint':
      sink.number('s', record.sequence)
      return sink.digest(record.root)
    case 'stable':
      return describeStable(sink, record.stable)
    case 'prepared':
    case 'decided': {
      const votes = record.kind === 'prepared' ? record.certificate.prepares : record.commits
      for (const { sender } of votes) sink.number('of', sender)
      if (votes[0] !== undefined) describePlace(sink, votes[0])
      return
    }
    default:
      assertNever(record)
  }
}

function describeStable(sink: DescriptionSink, { sequence, root }: CheckpointCertificate): void {
  sink.number('h', sequence)
  sink.digest(root)
}

function describeViewChange(
  sink: DescriptionSink,
  { view, stable, preparedCertificates }: Pick<ViewChange, 'view' | 'stable' | 'preparedCertificates'>,
): void {
  sink.number('v', view)
  sink.number('h', stable.sequence)
  for (const { prePrepare } of preparedCertificates) describePlace(sink, prePrepare)
}

function describeClaims(sink: DescriptionSink, said: Omit<OralViewChangeContent, 'kind'>): void {
  sink.number('v', said.view)
  sink.number('h', said.lowWatermark)
  for (const claim of said.preparedClaims) describePlace(sink, claim)
  sink.number('pre-prepared', said.prePrepareClaims.length)
}

function describeNamed(
  sink: DescriptionSink,
  { view, of, digest }: { readonly view: number; readonly of: number; readonly digest: Uint8Array },
): void {
  sink.number('v', view)
  sink.number('whose', of)
  sink.digest(digest)
}

function describeSigned(sink: DescriptionSink, message: SignedOnce): void {
  sink.word(message.kind)
  sink.number('of', message.sender)
  if (message.kind !== 'checkpoint') return describePlace(sink, message)
  sink.number('s', message.sequence)
  sink.digest(message.root)
}

function describePlace(
  sink: DescriptionSink,
  place: { readonly view: number; readonly sequence: number; readonly digest: Uint8Array },
): void {
  sink.number('v', place.view)
  sink.number('s', place.sequence)
  sink.digest(place.digest)
}
