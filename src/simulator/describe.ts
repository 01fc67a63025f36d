/** Steps in words and numbers: what a trace is made of, whether it is hashed or read. */
import { assertNever } from '../base/assert.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../pbft/effects.ts'

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
      return sink.number('s', effect.sequence)
    case 'reply-again':
      return describeMessage(sink, effect.request)
    case 'refuse':
      sink.number('t', effect.timestamp)
      return sink.word(effect.reason)
    case 'serve':
      sink.number('to', effect.to)
      for (const sequence of effect.sequences) sink.number('s', sequence)
      return
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
      return sink.number('executed', message.lastExecuted)
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
      return sink.number('executed', outgoing.lastExecuted)
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
    case 'prepared':
    case 'decided': {
      const votes = record.kind === 'prepared' ? record.prepares : record.commits
      for (const { sender } of votes) sink.number('of', sender)
      if (votes[0] !== undefined) describePlace(sink, votes[0])
      return
    }
    default:
      assertNever(record)
  }
}

function describePlace(
  sink: DescriptionSink,
  place: { readonly view: number; readonly sequence: number; readonly digest: Uint8Array },
): void {
  sink.number('v', place.view)
  sink.number('s', place.sequence)
  sink.digest(place.digest)
}
