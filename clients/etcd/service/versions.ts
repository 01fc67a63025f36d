/** The versions of etcd's interface that are served, by which clients decide what they may ask for. */
export const VERSIONS = { etcdserver: '3.6.0', etcdcluster: '3.6.0' } as const
