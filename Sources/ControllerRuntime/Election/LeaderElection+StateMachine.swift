import KubernetesModels

/// The rules of an election on a Lease, without requests and with time as a parameter.
///
/// Invariants:
/// - a foreign lease is taken only after it was seen unchanged for its whole duration, counted on this process's own clock
///   from the moment this process first saw it; the times written in the lease are for people;
/// - every write carries the resource version of the read it was decided on;
/// - leadership counts from the moment its last confirmed renewal was *sent*.
struct LeaderElectionStateMachine<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    enum Action: Sendable, Equatable {
        /// Create the lease with this spec.
        case create(LeaseSpec)
        /// Write this spec over the given version.
        case write(LeaseSpec, resourceVersion: String)
        /// Somebody else leads; look again at this moment at the latest.
        case wait(until: Instant, holder: String)
    }

    enum Role: Sendable, Equatable {
        case follower
        /// - Parameter renewedAt: when the last confirmed renewal was sent.
        case leader(renewedAt: Instant)
    }

    private struct Observation: Sendable {
        var spec: LeaseSpec
        var resourceVersion: String
        var since: Instant
    }

    let identity: String
    let timings: ElectionTimings
    private(set) var role = Role.follower
    private var observed: Observation?

    init(identity: String, timings: ElectionTimings) {
        self.identity = identity
        self.timings = timings
    }

    var isLeader: Bool {
        switch role {
        case .leader: true
        case .follower: false
        }
    }

    /// When a leader that got no further confirmation has to stop; nil for a follower.
    var mustStopAt: Instant? {
        switch role {
        case .leader(let renewedAt): renewedAt.advanced(by: timings.renewDeadline)
        case .follower: nil
        }
    }

    /// Decides on a live read.
    /// - Parameters:
    ///   - lease: nil when there is none.
    ///   - time: the wall clock, only to be written down.
    mutating func decide(_ lease: Lease?, now: Instant, time: MicroTime) -> Action {
        guard let lease else {
            observed = nil
            role = .follower
            return .create(newSpec(over: nil, time: time))
        }
        let spec = lease.spec ?? LeaseSpec()
        let resourceVersion = lease.metadata.resourceVersion ?? ""
        observe(spec, resourceVersion, now)
        let holder = spec.holderIdentity ?? ""
        if holder == identity {
            var renewed = spec
            renewed.renewTime = time
            renewed.leaseDurationSeconds = leaseSeconds
            return .write(renewed, resourceVersion: resourceVersion)
        }
        role = .follower
        let since = observed?.since ?? now
        let expiry = since.advanced(by: duration(of: spec))
        if holder.isEmpty || expiry <= now {
            return .write(newSpec(over: spec, time: time), resourceVersion: resourceVersion)
        }
        return .wait(until: min(expiry, now.advanced(by: timings.retryPeriod)), holder: holder)
    }

    /// A leader's next renewal over the version it wrote last, without a read; nil when this process does not lead.
    ///
    /// A conflict means that somebody else wrote: read, and ``decide(_:now:time:)``.
    func renewal(time: MicroTime) -> (spec: LeaseSpec, resourceVersion: String)? {
        guard isLeader, let observed, observed.spec.holderIdentity == identity else { return nil }
        var spec = observed.spec
        spec.renewTime = time
        spec.leaseDurationSeconds = leaseSeconds
        return (spec, observed.resourceVersion)
    }

    /// A write of ours was confirmed.
    /// - Parameter sentAt: when it was sent.
    mutating func wrote(_ lease: Lease, sentAt: Instant) {
        role = .leader(renewedAt: sentAt)
        observe(lease.spec ?? LeaseSpec(), lease.metadata.resourceVersion ?? "", sentAt)
    }

    /// The release: what to write so that others need not wait; nil when this process does not lead.
    mutating func release(time: MicroTime) -> (spec: LeaseSpec, resourceVersion: String)? {
        guard isLeader, let observed else { return nil }
        role = .follower
        var spec = observed.spec
        spec.holderIdentity = ""
        spec.leaseDurationSeconds = 1
        spec.renewTime = time
        return (spec, observed.resourceVersion)
    }

    /// Leadership ended without a release: another holder was seen, or the renew deadline passed.
    mutating func lost() { role = .follower }

    private mutating func observe(_ spec: LeaseSpec, _ resourceVersion: String, _ now: Instant) {
        if observed?.resourceVersion == resourceVersion { return }
        observed = Observation(spec: spec, resourceVersion: resourceVersion, since: now)
    }

    private func duration(of spec: LeaseSpec) -> Duration {
        spec.leaseDurationSeconds.map { .seconds($0) } ?? timings.leaseDuration
    }

    private func newSpec(over old: LeaseSpec?, time: MicroTime) -> LeaseSpec {
        LeaseSpec(
            holderIdentity: identity, leaseDurationSeconds: leaseSeconds, acquireTime: time, renewTime: time,
            leaseTransitions: old.map { ($0.leaseTransitions ?? 0) + 1 } ?? 0)
    }

    /// Rounded up: the field holds whole seconds of at least 1.
    private var leaseSeconds: Int {
        let (seconds, attoseconds) = timings.leaseDuration.components
        return max(1, Int(seconds) + (attoseconds > 0 ? 1 : 0))
    }
}
