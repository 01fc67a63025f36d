/** The interface of etcd's Lease service, in the language of protocol buffers. Field numbers are etcd's. */
import { http } from './http-option.ts'

export const LEASE_SCHEMA = `
syntax = "proto3";
package etcdserverpb;

service Lease {
  rpc LeaseGrant(LeaseGrantRequest) returns (LeaseGrantResponse) ${http('/v3/lease/grant')}
  rpc LeaseRevoke(LeaseRevokeRequest) returns (LeaseRevokeResponse)
    ${http('/v3/lease/revoke', '/v3/kv/lease/revoke')}
  rpc LeaseKeepAlive(stream LeaseKeepAliveRequest) returns (stream LeaseKeepAliveResponse)
    ${http('/v3/lease/keepalive')}
  rpc LeaseTimeToLive(LeaseTimeToLiveRequest) returns (LeaseTimeToLiveResponse)
    ${http('/v3/lease/timetolive', '/v3/kv/lease/timetolive')}
  rpc LeaseLeases(LeaseLeasesRequest) returns (LeaseLeasesResponse)
    ${http('/v3/lease/leases', '/v3/kv/lease/leases')}
}

message LeaseGrantRequest { int64 TTL = 1; int64 ID = 2; }
message LeaseGrantResponse { ResponseHeader header = 1; int64 ID = 2; int64 TTL = 3; string error = 4; }
message LeaseRevokeRequest { int64 ID = 1; }
message LeaseRevokeResponse { ResponseHeader header = 1; }
message LeaseKeepAliveRequest { int64 ID = 1; }
message LeaseKeepAliveResponse { ResponseHeader header = 1; int64 ID = 2; int64 TTL = 3; }
message LeaseTimeToLiveRequest { int64 ID = 1; bool keys = 2; }
message LeaseTimeToLiveResponse {
  ResponseHeader header = 1;
  int64 ID = 2;
  int64 TTL = 3;
  int64 grantedTTL = 4;
  repeated bytes keys = 5;
}
message LeaseLeasesRequest {}
message LeaseStatus { int64 ID = 1; }
message LeaseLeasesResponse { ResponseHeader header = 1; repeated LeaseStatus leases = 2; }
`
