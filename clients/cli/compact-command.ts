/** The command compact: it discards the history below a revision. */
import type { CompactedAnswer, compactHistory } from '../api/compaction.ts'
import { answerReader } from '../library/answer-reader.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'

const readCompacted = answerReader<CompactedAnswer>()({ revision: 'number', floor: 'number' })

export const compact = (revision: number, flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const body = JSON.stringify({ revision })
    const answer = await callGateway<typeof compactHistory>(flags, {
      method: 'POST',
      path: '/v1/compact',
      body,
    })
    const { revision: newest, floor } = readCompacted(answer)
    if (flags.json) console.log(answer.toString('utf8'))
    else console.log(`revisions ${floor} to ${newest} can be read`)
  })
