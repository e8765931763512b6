public import ClusterRecords
import KubernetesModels
public import Units

/// How the cluster is kept available.
public struct HighAvailabilitySpec: Sendable, Hashable, Codable {
    public var profile: Profile?
    public var ttl: Int?
    public var loopWait: Int?
    public var retryTimeout: Int?
    public var fenceMargin: Int?
    public var lockObject: LockObject
    public var maximumLagOnFailover: Quantity
    public var failsafe: Bool
    /// Seconds.
    public var primaryStartTimeout: Int
    /// Seconds.
    public var primaryStopTimeout: Int
    public var synchronous: SynchronousSpec
    public var reinitializeReplicasWithoutWAL: Bool

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case profile, ttl, loopWait, retryTimeout, fenceMargin, lockObject, maximumLagOnFailover, failsafe
        case primaryStartTimeout, primaryStopTimeout, synchronous, reinitializeReplicasWithoutWAL
    }

    public enum Profile: String, Sendable, Hashable, Codable, CaseIterable {
        case fast
        case `default`
        case tolerant

        public var timings: Timings {
            switch self {
            case .fast: .fast
            case .default: .standard
            case .tolerant: .tolerant
            }
        }
    }

    static let defaultFenceMargin = 3

    /// Whether any of the timings was given on its own.
    public var hasOwnTimings: Bool { ttl != nil || loopWait != nil || retryTimeout != nil || fenceMargin != nil }

    /// The timings in force: the profile's, or the ones given, gaps filled from the default profile.
    public var timings: Timings {
        guard hasOwnTimings else { return (profile ?? .default).timings }
        let standard = Timings.standard
        return Timings(
            ttl: ttl.map { .seconds($0) } ?? standard.ttl,
            loopWait: loopWait.map { .seconds($0) } ?? standard.loopWait,
            retryTimeout: retryTimeout.map { .seconds($0) } ?? standard.retryTimeout,
            fenceMargin: .seconds(fenceMargin ?? Self.defaultFenceMargin))
    }
}

extension HighAvailabilitySpec: SchemaObject {
    public static let summary = "How leaders are elected, lost and replaced."

    private static let ownTimings: [Requirement] = [
        .isPresent("ttl"), .isPresent("loopWait"), .isPresent("retryTimeout"), .isPresent("fenceMargin"),
    ]

    /// A cluster's agents look for the lock where it was made.
    public static let keepsLockObject = Rule(
        .isUnchanged, message: "lockObject cannot change while the cluster lives")

    public static let rules = [
        Rule(
            .not(.all([.isPresent("profile"), .any(ownTimings)])),
            message: "give either profile or ttl, loopWait and retryTimeout, not both", at: "profile"),
        Rule(
            .any([
                .all([.isPresent("ttl"), .isPresent("loopWait"), .isPresent("retryTimeout")]), .not(.any(ownTimings)),
            ]),
            message: "ttl, loopWait and retryTimeout are given together"),
        Rule(
            .not(
                .atMost(
                    Sum(.init("ttl"), .init("fenceMargin", times: -1, fallback: Int64(defaultFenceMargin))),
                    Sum(.init("loopWait"), .init("retryTimeout", times: 2)))),
            message: "loopWait + 2·retryTimeout < ttl − fenceMargin must hold (fenceMargin is \(defaultFenceMargin) "
                + "when absent)"),
    ]

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .profile:
            Field(
                .choice(Profile.allCases.map(\.rawValue)),
                "A proven set of timings (ttl/loopWait/retryTimeout/fenceMargin in seconds): fast 10/2/3/1.5, "
                    + "default 20/5/5/3, tolerant 60/15/15/10. Absent means default. Not together with ttl, loopWait, "
                    + "retryTimeout or fenceMargin.")
        case .ttl:
            Field(
                .integer(minimum: 3, maximum: 3600),
                "Seconds an unrenewed lock holds; about the outage when a node is lost. Needs loopWait and "
                    + "retryTimeout, and loopWait + 2·retryTimeout < ttl − fenceMargin.")
        case .loopWait:
            Field(.integer(minimum: 1, maximum: 600), "Seconds between two renewals of the lock.")
        case .retryTimeout:
            Field(
                .integer(minimum: 1, maximum: 600),
                "Seconds for one exchange with the Kubernetes API, retries included.")
        case .fenceMargin:
            Field(
                .integer(minimum: 1, maximum: 600),
                "Seconds before the end of the lock at which every process of a primary that cannot renew is killed. "
                    + "Absent means \(defaultFenceMargin).")
        case .lockObject:
            Field(
                .choice(LockObject.allCases.map(\.rawValue)),
                "Kind of the object that carries the lock. With Endpoints the same object routes the read-write "
                    + "Service; the kind is deprecated since Kubernetes 1.33 and kept for compatibility. Cannot change.",
                default: "ConfigMap",
                rules: [keepsLockObject])
        case .maximumLagOnFailover:
            Field(
                .quantity,
                "How many bytes of WAL a replica may be behind the last known position and still become primary when "
                    + "the primary is lost.",
                default: "1Mi")
        case .failsafe:
            Field(
                .boolean,
                "Whether a primary that cannot reach the Kubernetes API goes on while every other member agrees. Without "
                    + "it, or when one of them does not answer, such a primary stops before its lock runs out.",
                default: true)
        case .primaryStartTimeout:
            Field(
                .integer(minimum: 0, maximum: 86_400),
                "Seconds the leader's PostgreSQL may take to come up before another member takes over, if one can. 0: "
                    + "after a crash another one takes over at once; without synchronous mode that may lose the last "
                    + "commits.",
                default: 300)
        case .primaryStopTimeout:
            Field(
                .integer(minimum: 1, maximum: 600),
                "Seconds a primary's orderly stop may take before it is stopped at once. A restart in place waits for at most "
                    + "60, the end of the Pod for at most 50.",
                default: 30)
        case .synchronous:
            Field(.object(SynchronousSpec.self), SynchronousSpec.summary, default: [:])
        case .reinitializeReplicasWithoutWAL:
            Field(
                .boolean,
                "Whether a replica that cannot go on, because the primary has removed the WAL it needs, is copied anew without "
                    + "being asked for: one at a time, its old data kept beside the new. Otherwise it says so and waits for "
                    + "spec.reinitialize.",
                default: false)
        }
    }
}
