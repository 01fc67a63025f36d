/** Many seeds of the simulator with the catalogue's adversaries, on all cores. */
import {
  type CampaignOptions,
  type CampaignResult,
  runCampaign,
} from '../../../src/simulator/runs/campaign.ts'
import { SWARM } from './swarm.ts'

/** Runs many seeds on all cores. */
export const runSwarm = (options: Omit<CampaignOptions, 'swarm'>): Promise<CampaignResult> =>
  runCampaign({
    ...options,
    swarm: { catalogue: SWARM, worker: new URL('./campaign-worker.js', import.meta.url) },
  })
