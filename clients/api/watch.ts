/** The resource `/v1/watch`: the changes of a range, as an endless stream of server-sent events. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { attachedLease, KEY_IN_QUERY, KeyName, keyRevisions, valueForms } from './keys.ts'
import { flag, oneOf, wholeNumber } from './parameters.ts'
import { BOUNDS } from './range-parameters.ts'
import { STORE_PROBLEMS } from './store-problems.ts'

const Entry = z.strictObject({ ...keyRevisions, ...attachedLease, ...valueForms })

const WatchedChange = z
  .strictObject({
    type: z.enum(['put', 'delete']),
    key: KeyName,
    version: keyRevisions.version.optional(),
    createRevision: keyRevisions.createRevision.optional(),
    modRevision: z.int().describe('The revision of the change.'),
    ...attachedLease,
    ...valueForms,
    previous: Entry.optional().describe(
      'With the parameter `previous`: the key before the change. Absent if it did not exist, or was compacted.',
    ),
  })
  .describe('A change. A put has the new value and its revisions.')

/** The data of an event. */
const Watched = z.strictObject({
  revision: z
    .int()
    .describe(
      'The revision of the changes; in a progress event, the revision up to which all changes were sent.',
    ),
  changes: z
    .array(WatchedChange)
    .optional()
    .describe('All changes of this revision, in their order. A progress event has none.'),
  more: z
    .literal(true)
    .optional()
    .describe(
      'True if the next event has more changes of this revision, which was too large for one event. Only the last one has an id.',
    ),
})

export const WATCHED_TYPES = ['put', 'delete'] as const

export const watchKeys = endpoint({
  method: 'GET',
  path: '/v1/watch',
  summary: 'Sends the changes of a key or a range as they happen, one event for each revision.',
  description:
    'The id of an event is its revision. A reader that reconnects with `Last-Event-ID` continues after it, without gaps or repetition. Every ten seconds without changes, an event `progress` has the revision up to which all changes were sent. Comments keep the connection alive. The event `end` is the last: its data is a problem document, `compacted` if the next changes are no longer kept.',
  parameters: {
    ...BOUNDS,
    ...KEY_IN_QUERY,
    after: {
      description:
        'The revision after which the changes start, which may be in the future; by default the current one.',
      schema: wholeNumber('after').optional(),
    },
    previous: {
      description: 'Also sends the key as it was before each change.',
      schema: flag('previous').optional(),
    },
    only: {
      description: 'Sends only puts, or only deletions.',
      schema: oneOf('only', WATCHED_TYPES).optional(),
    },
  },
  headers: { 'Last-Event-ID': 'The id of the last event that the reader has; replaces `after`.' },
  answers: {
    200: { description: 'An endless stream of events.', content: { 'text/event-stream': Watched } },
  },
  problems: ['bad-key', 'compacted', 'too-many-watches', ...STORE_PROBLEMS],
})

export type WatchedEvent = z.output<typeof Watched>
export type WatchedChangeDocument = z.output<typeof WatchedChange>
