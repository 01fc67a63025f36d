/** The served versions of etcd's interface, by which clients choose their features. */
export const VERSIONS = { etcdserver: '3.6.0', etcdcluster: '3.6.0' } as const
