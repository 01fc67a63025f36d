/** The resource `/v1/watch`: the changes of a range, as server-sent events that do not end. */
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
      'With the parameter `previous`: the key before the change. Absent where there was none, and where it was compacted.',
    ),
  })
  .describe('A put has the revisions and the value that it set.')

/** The data of an event. */
const Watched = z.strictObject({
  revision: z
    .int()
    .describe('The revision of the changes; in a mark of progress, that up to which all were sent.'),
  changes: z
    .array(WatchedChange)
    .optional()
    .describe('All changes of this revision, in their order. A mark of progress has none.'),
  more: z
    .literal(true)
    .optional()
    .describe(
      'More changes of this revision follow in the next event: it was too large for one. Only the last has an id.',
    ),
})

export const WATCHED_TYPES = ['put', 'delete'] as const

export const watchKeys = endpoint({
  method: 'GET',
  path: '/v1/watch',
  summary: 'Sends the changes of a key or a range as they happen, one event for each revision.',
  description:
    'The id of an event is its revision. A reader that comes back with `Last-Event-ID` goes on behind it, without a gap and without repetition. An event `progress` says up to which revision all was sent, every ten seconds where nothing changes; a comment shows that the connection lives. The event `end` is the last: its data is a problem document, `compacted` where the changes to come are no longer kept.',
  parameters: {
    ...BOUNDS,
    ...KEY_IN_QUERY,
    after: {
      description:
        'The revision after which the changes begin, which may be yet to come; the present when absent.',
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
  headers: { 'Last-Event-ID': 'The id of the last event that the reader has; in place of `after`.' },
  answers: {
    200: { description: 'Events, without an end.', content: { 'text/event-stream': Watched } },
  },
  problems: ['bad-key', 'compacted', 'too-many-watches', ...STORE_PROBLEMS],
})

export type WatchedEvent = z.output<typeof Watched>
export type WatchedChangeDocument = z.output<typeof WatchedChange>
