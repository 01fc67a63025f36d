/** Steps in words and numbers, from which a trace is made, for hashing and for reading. */
import { assertNever } from '../../base/assert.ts'
import {
  type DescriptionSink,
  describePlace,
  describeSigned,
  describeStable,
} from '../../messages/description.ts'
import { describeContent, describeMessage } from '../../messages/message-description.ts'
import { describeNamed } from '../../messages/oral/acknowledgement.ts'
import { describeClaims } from '../../messages/oral/view-change.ts'
import { describeViewChange } from '../../messages/view-change.ts'
import type { Effect, Event, LogRecord, Outgoing } from '../../pbft/effects.ts'

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

function describeOutgoing(sink: DescriptionSink, outgoing: Outgoing): void {
  if (outgoing.kind === 'relayed') describeMessage(sink, outgoing.message)
  else describeContent(sink, outgoing)
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
    case 'vote-limit':
      sink.number('v', record.view)
      return sink.number('s', record.upTo)
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
