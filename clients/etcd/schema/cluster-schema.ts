/** The interface of etcd's services Cluster and Maintenance, and that of gRPC's health checks. */
import { http } from './http-option.ts'

export const CLUSTER_SCHEMA = `
syntax = "proto3";
package etcdserverpb;

service Cluster {
  rpc MemberAdd(MemberAddRequest) returns (MemberAddResponse) ${http('/v3/cluster/member/add')}
  rpc MemberRemove(MemberRemoveRequest) returns (MemberRemoveResponse) ${http('/v3/cluster/member/remove')}
  rpc MemberUpdate(MemberUpdateRequest) returns (MemberUpdateResponse) ${http('/v3/cluster/member/update')}
  rpc MemberList(MemberListRequest) returns (MemberListResponse) ${http('/v3/cluster/member/list')}
  rpc MemberPromote(MemberPromoteRequest) returns (MemberPromoteResponse) ${http('/v3/cluster/member/promote')}
}

message Member {
  uint64 ID = 1;
  string name = 2;
  repeated string peerURLs = 3;
  repeated string clientURLs = 4;
  bool isLearner = 5;
}

message MemberAddRequest { repeated string peerURLs = 1; bool isLearner = 2; }
message MemberAddResponse { ResponseHeader header = 1; Member member = 2; repeated Member members = 3; }
message MemberRemoveRequest { uint64 ID = 1; }
message MemberRemoveResponse { ResponseHeader header = 1; repeated Member members = 2; }
message MemberUpdateRequest { uint64 ID = 1; repeated string peerURLs = 2; }
message MemberUpdateResponse { ResponseHeader header = 1; repeated Member members = 2; }
message MemberListRequest { bool linearizable = 1; }
message MemberListResponse { ResponseHeader header = 1; repeated Member members = 2; }
message MemberPromoteRequest { uint64 ID = 1; }
message MemberPromoteResponse { ResponseHeader header = 1; repeated Member members = 2; }
`

export const MAINTENANCE_SCHEMA = `
syntax = "proto3";
package etcdserverpb;

service Maintenance {
  rpc Alarm(AlarmRequest) returns (AlarmResponse) ${http('/v3/maintenance/alarm')}
  rpc Status(StatusRequest) returns (StatusResponse) ${http('/v3/maintenance/status')}
  rpc Defragment(DefragmentRequest) returns (DefragmentResponse) ${http('/v3/maintenance/defragment')}
  rpc Hash(HashRequest) returns (HashResponse) ${http('/v3/maintenance/hash')}
  rpc HashKV(HashKVRequest) returns (HashKVResponse) ${http('/v3/maintenance/hashkv')}
  rpc Snapshot(SnapshotRequest) returns (stream SnapshotResponse) ${http('/v3/maintenance/snapshot')}
  rpc MoveLeader(MoveLeaderRequest) returns (MoveLeaderResponse) ${http('/v3/maintenance/transfer-leadership')}
  rpc Downgrade(DowngradeRequest) returns (DowngradeResponse) ${http('/v3/maintenance/downgrade')}
}

enum AlarmType { NONE = 0; NOSPACE = 1; CORRUPT = 2; }

message AlarmRequest {
  enum AlarmAction { GET = 0; ACTIVATE = 1; DEACTIVATE = 2; }
  AlarmAction action = 1;
  uint64 memberID = 2;
  AlarmType alarm = 3;
}
message AlarmMember { uint64 memberID = 1; AlarmType alarm = 2; }
message AlarmResponse { ResponseHeader header = 1; repeated AlarmMember alarms = 2; }

message StatusRequest {}
message StatusResponse {
  ResponseHeader header = 1;
  string version = 2;
  int64 dbSize = 3;
  uint64 leader = 4;
  uint64 raftIndex = 5;
  uint64 raftTerm = 6;
  uint64 raftAppliedIndex = 7;
  repeated string errors = 8;
  int64 dbSizeInUse = 9;
  bool isLearner = 10;
  string storageVersion = 11;
  int64 dbSizeQuota = 12;
}

message DefragmentRequest {}
message DefragmentResponse { ResponseHeader header = 1; }
message HashRequest {}
message HashResponse { ResponseHeader header = 1; uint32 hash = 2; }
message HashKVRequest { int64 revision = 1; }
message HashKVResponse { ResponseHeader header = 1; uint32 hash = 2; int64 compact_revision = 3; int64 hash_revision = 4; }
message SnapshotRequest {}
message SnapshotResponse { ResponseHeader header = 1; uint64 remaining_bytes = 2; bytes blob = 3; string version = 4; }
message MoveLeaderRequest { uint64 targetID = 1; }
message MoveLeaderResponse { ResponseHeader header = 1; }
message DowngradeRequest {
  enum DowngradeAction { VALIDATE = 0; ENABLE = 1; CANCEL = 2; }
  DowngradeAction action = 1;
  string version = 2;
}
message DowngradeResponse { ResponseHeader header = 1; string version = 2; }
`

export const HEALTH_SCHEMA = `
syntax = "proto3";
package grpc.health.v1;

service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}

message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
`
