/** The codecs of all kinds of message, in the order of their numbers. Each kind here is also a row of `kinds.ts`. */
import { checkpointCodec } from './checkpoint.ts'
import { decisionCodec } from './decision.ts'
import { evidenceCodec, evidenceInquiryCodec } from './evidence-delivery.ts'
import { exhibitCodec } from './exhibit.ts'
import { batchCodec, fetchCodec } from './fetch.ts'
import { newViewCodec } from './new-view.ts'
import { occurrenceInquiryCodec, occurrencesCodec } from './occurrence.ts'
import { viewChangeAckCodec, viewChangeDeliveryCodec, viewChangeFetchCodec } from './oral/acknowledgement.ts'
import { macComplaintCodec } from './oral/mac-complaint.ts'
import { oralNewViewCodec } from './oral/new-view.ts'
import { oralRecollectionCodec } from './oral/recollection.ts'
import { oralViewChangeCodec } from './oral/view-change.ts'
import { pageCodec, pageFetchCodec } from './page.ts'
import { placeCodec, placeInquiryCodec } from './place.ts'
import { prePrepareCodec } from './pre-prepare.ts'
import { readAnswerCodec, readCodec } from './read.ts'
import { recallCodec, recollectionCodec } from './recall.ts'
import { refusalCodec } from './refusal.ts'
import { replyCodec } from './reply.ts'
import { inquiryCodec, reportCodec } from './report.ts'
import { requestCodec } from './request.ts'
import { stableCheckpointCodec } from './stable-checkpoint.ts'
import { stateInquiryCodec, statePagesCodec } from './state-pages.ts'
import { statusCodec } from './status.ts'
import { viewChangeCodec } from './view-change.ts'
import { commitCodec, prepareCodec } from './vote.ts'

export const CODECS = {
  request: requestCodec,
  'pre-prepare': prePrepareCodec,
  prepare: prepareCodec,
  commit: commitCodec,
  reply: replyCodec,
  status: statusCodec,
  fetch: fetchCodec,
  batch: batchCodec,
  decision: decisionCodec,
  refusal: refusalCodec,
  inquiry: inquiryCodec,
  report: reportCodec,
  checkpoint: checkpointCodec,
  'view-change': viewChangeCodec,
  'view-change-ack': viewChangeAckCodec,
  'new-view': newViewCodec,
  'page-fetch': pageFetchCodec,
  page: pageCodec,
  'stable-checkpoint': stableCheckpointCodec,
  recall: recallCodec,
  recollection: recollectionCodec,
  exhibit: exhibitCodec,
  'evidence-inquiry': evidenceInquiryCodec,
  evidence: evidenceCodec,
  'oral-view-change': oralViewChangeCodec,
  'oral-new-view': oralNewViewCodec,
  'view-change-fetch': viewChangeFetchCodec,
  'view-change-delivery': viewChangeDeliveryCodec,
  'oral-recollection': oralRecollectionCodec,
  'mac-complaint': macComplaintCodec,
  'place-inquiry': placeInquiryCodec,
  place: placeCodec,
  read: readCodec,
  'read-answer': readAnswerCodec,
  'state-inquiry': stateInquiryCodec,
  'state-pages': statePagesCodec,
  'occurrence-inquiry': occurrenceInquiryCodec,
  occurrences: occurrencesCodec,
} as const
