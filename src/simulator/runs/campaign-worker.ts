/** The entry of a campaign's worker threads. */
import { serveCampaign } from './campaign.ts'

serveCampaign()
