/** The command status. */
import type { getStatus } from '../api/status.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'
import { readStatus, statusText } from './status-text.ts'

/** The exit code is 1 while the cluster makes no progress. */
export const status = (flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const answer = await callGateway<typeof getStatus>(flags, { method: 'GET', path: '/v1/status' })
    const read = readStatus(answer)
    console.log(flags.json ? answer.toString('utf8') : statusText(read))
    if (read.stalled !== null) process.exitCode = 1
  })
