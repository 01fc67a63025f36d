/** The interfaces of etcd's services Lock and Election, which are programs over its other services. */
import { http } from './http-option.ts'

export const LOCK_SCHEMA = `
syntax = "proto3";
package v3lockpb;

service Lock {
  rpc Lock(LockRequest) returns (LockResponse) ${http('/v3/lock/lock')}
  rpc Unlock(UnlockRequest) returns (UnlockResponse) ${http('/v3/lock/unlock')}
}

message LockRequest { bytes name = 1; int64 lease = 2; }
message LockResponse { etcdserverpb.ResponseHeader header = 1; bytes key = 2; }
message UnlockRequest { bytes key = 1; }
message UnlockResponse { etcdserverpb.ResponseHeader header = 1; }
`

export const ELECTION_SCHEMA = `
syntax = "proto3";
package v3electionpb;

service Election {
  rpc Campaign(CampaignRequest) returns (CampaignResponse) ${http('/v3/election/campaign')}
  rpc Proclaim(ProclaimRequest) returns (ProclaimResponse) ${http('/v3/election/proclaim')}
  rpc Leader(LeaderRequest) returns (LeaderResponse) ${http('/v3/election/leader')}
  rpc Observe(LeaderRequest) returns (stream LeaderResponse) ${http('/v3/election/observe')}
  rpc Resign(ResignRequest) returns (ResignResponse) ${http('/v3/election/resign')}
}

message CampaignRequest { bytes name = 1; int64 lease = 2; bytes value = 3; }
message CampaignResponse { etcdserverpb.ResponseHeader header = 1; LeaderKey leader = 2; }
message LeaderKey { bytes name = 1; bytes key = 2; int64 rev = 3; int64 lease = 4; }
message LeaderRequest { bytes name = 1; }
message LeaderResponse { etcdserverpb.ResponseHeader header = 1; mvccpb.KeyValue kv = 2; }
message ResignRequest { LeaderKey leader = 1; }
message ResignResponse { etcdserverpb.ResponseHeader header = 1; }
message ProclaimRequest { LeaderKey leader = 1; bytes value = 2; }
message ProclaimResponse { etcdserverpb.ResponseHeader header = 1; }
`
