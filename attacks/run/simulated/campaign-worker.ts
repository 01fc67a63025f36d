/** The entry of a campaign's worker threads. */
import { serveCampaign } from '../../../src/simulator/runs/campaign.ts'
import { SWARM } from './swarm.ts'

serveCampaign(SWARM)
