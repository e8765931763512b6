public import ClusterStore
public import Fence

/// The pipe to init is the way by which ``LockDesk`` reaches it.
extension FenceHandle: FenceLine {}
