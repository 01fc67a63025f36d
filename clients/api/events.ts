/** The resource `/v1/events`: the running cluster, as an endless stream of server-sent events. */
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
        'The phases of a sequence number are `proposed`, `accepted`, `prepared`, `committed` and `executed`; a `prepare-vote` or `commit-vote` is a received vote of another replica.',
      ),
    at: z.int().describe("Milliseconds since 1970, by the replica's clock."),
    view: count,
    sequence: count.describe('0 if it concerns no sequence number.'),
    peer: count
      .nullable()
      .describe('The replica concerned: the voter, the suspect or the convicted replica.'),
    digest: z.string().describe('The first four bytes of the digest in hexadecimal; empty if there is none.'),
  })
  .describe('An occurrence in the protocol of a replica.')

const Occurrences = z
  .strictObject({
    replica: count.describe('The replica that reports it. No other replica vouches for it.'),
    timerMs: milliseconds
      .nullable()
      .describe('Milliseconds until it leaves its view, or gives up the next one; null while no timer runs.'),
    omitted: count.describe(
      'The number of occurrences left out under load so far, always whole sequence numbers.',
    ),
    occurrences: z.array(Occurrence),
  })
  .describe('The data of an event `occurrences`.')

const Service = z
  .strictObject({
    throughput: z.number().min(0).describe('Answered requests per second, over the last seconds.'),
    failed: z.number().min(0).describe('Failed requests per second, with status 429 or at least 500.'),
    waiting: count.describe('The number of requests that wait for their answer.'),
    p50Ms: milliseconds.nullable().describe('The median latency; null without an answer.'),
    p99Ms: milliseconds.nullable(),
    longestGapMs: milliseconds.describe(
      'The longest time within the last minute in which requests waited and none was answered.',
    ),
    listeners: count.describe('The number of readers of this stream.'),
  })
  .describe('The data of an event `service`: the service that clients of this gateway get.')

const EventData = z.union([Occurrences, Service, StatusDocument])

export const watchCluster = endpoint({
  method: 'GET',
  path: '/v1/events',
  summary:
    'Sends the occurrences in the cluster: phases of sequence numbers, votes, views, convictions, and the status.',
  description:
    'The events are `status` each second with the document of `/v1/status`, `service` with what clients of this gateway get, and `occurrences` with what happened in the protocol of a replica, as it says itself. Replicas record it only while somebody reads, and leave out whole sequence numbers under load. A reader that reconnects with `Last-Event-ID` continues after it if it is still kept. A slow reader misses events, and sees it by their ids. A comment shows that the connection lives.',
  headers: { 'Last-Event-ID': 'The id of the last event that the reader has.' },
  answers: {
    200: { description: 'Events, without an end.', content: { 'text/event-stream': EventData } },
  },
  problems: ['too-many-watches'],
})

export type OccurrencesDocument = Described<typeof Occurrences>
export type OccurrenceDocument = Described<typeof Occurrence>
export type ServiceDocument = Described<typeof Service>
