/** The resource `/v1/events`: the cluster as it runs, as server-sent events that do not end. */
import { z } from 'zod'
import { OCCURRENCE_KINDS } from '../../src/messages/occurrence.ts'
import { type Described, endpoint } from './endpoint.ts'
import { StatusDocument } from './status.ts'

const count = z.int().min(0)
const milliseconds = z.number().min(0)

const Occurrence = z
  .strictObject({
    kind: z
      .enum(OCCURRENCE_KINDS)
      .describe(
        'The phases of a sequence number are `proposed`, `accepted`, `prepared`, `committed` and `executed`; a `prepare-vote` or `commit-vote` is one of another replica that arrived.',
      ),
    at: z.int().describe("Milliseconds since 1970, by the replica's clock."),
    view: count,
    sequence: count.describe('0 where it concerns no sequence number.'),
    peer: count.nullable().describe('The replica that it is about: the voter, the suspect, the convict.'),
    digest: z
      .string()
      .describe('The first four bytes of the digest in hexadecimal; empty where there is none.'),
  })
  .describe('One thing that happened in the protocol of a replica.')

const Occurrences = z
  .strictObject({
    replica: count.describe('The replica that says so. No other one vouches for it.'),
    timerMs: milliseconds
      .nullable()
      .describe('Milliseconds until it leaves its view, or gives up the next one; null while no timer runs.'),
    omitted: count.describe('Those left out under load so far, always whole sequence numbers.'),
    occurrences: z.array(Occurrence),
  })
  .describe('The data of an event `occurrences`.')

const Service = z
  .strictObject({
    throughput: z.number().min(0).describe('Requests that were answered per second, of the last seconds.'),
    failed: z
      .number()
      .min(0)
      .describe('Those that were not: with 429 or a status of 500 and more, per second.'),
    waiting: count.describe('Requests that wait for their answer.'),
    p50Ms: milliseconds.nullable().describe('The median time to an answer; null while there was none.'),
    p99Ms: milliseconds.nullable(),
    longestGapMs: milliseconds.describe(
      'The longest time of the last minute in which requests waited and none was answered.',
    ),
    listeners: count.describe('Readers of this stream.'),
  })
  .describe('The data of an event `service`: what correct clients of this gateway get.')

const EventData = z.union([Occurrences, Service, StatusDocument])

export const watchCluster = endpoint({
  method: 'GET',
  path: '/v1/events',
  summary:
    'Sends what happens in the cluster: phases of sequence numbers, votes, views, convictions, and the status.',
  description:
    'The events are `status` each second with the document of `/v1/status`, `service` with what clients of this gateway get, and `occurrences` with what happened in the protocol of a replica, as it says itself. Replicas record it only while somebody reads, and leave out whole sequence numbers under load. Ids are numbered: a reader that comes back with `Last-Event-ID` goes on behind it where that is still kept. A slow reader misses events, and sees it by their ids. A comment shows that the connection lives.',
  headers: { 'Last-Event-ID': 'The id of the last event that the reader has.' },
  answers: {
    200: { description: 'Events, without an end.', content: { 'text/event-stream': EventData } },
  },
  problems: ['too-many-watches'],
})

export type OccurrencesDocument = Described<typeof Occurrences>
export type OccurrenceDocument = Described<typeof Occurrence>
export type ServiceDocument = Described<typeof Service>
