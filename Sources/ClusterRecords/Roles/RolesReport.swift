import KubernetesModels

/// How far the leader is with the declared roles: `roles` in what it publishes of itself.
///
/// Bounded: of a thousand roles only those are named that are not as declared, and of these the first.
public struct RolesReport: Hashable, Sendable {
    /// Of the list it is about; see ``DeclaredRoles/revision(of:)``.
    public var revision: String
    public var declared: Int
    /// As declared when they were compared last.
    public var ready: Int
    /// By name, at most ``maximumCount``.
    public var failing: [Failure]
    /// Why none of them could be compared; nil when they were.
    public var problem: String?
    /// The last time somebody else's change was undone.
    public var repair: Repair?

    public struct Failure: Hashable, Sendable {
        public var role: String
        /// In PostgreSQL's words where it was PostgreSQL that refused.
        public var reason: String

        public init(role: String, reason: String) {
            self.role = role
            self.reason = bounded(reason, to: RolesReport.maximumLength)
        }
    }

    public struct Repair: Hashable, Sendable {
        /// RFC 3339.
        public var time: String
        public var count: Int
        /// The first of them with what was different.
        public var roles: [String]

        public init(time: String, count: Int, roles: [String]) {
            self.time = time
            self.count = count
            self.roles = roles.prefix(RolesReport.maximumCount).map { bounded($0, to: RolesReport.maximumLength) }
        }
    }

    /// How many roles are named.
    public static let maximumCount = 16
    /// Of a reason, in Unicode scalars: somebody may have written it into an object's name.
    public static let maximumLength = 256

    public init(
        revision: String, declared: Int, ready: Int, failing: [Failure] = [], problem: String? = nil,
        repair: Repair? = nil
    ) {
        self.revision = revision
        self.declared = declared
        self.ready = ready
        self.failing = Array(failing.prefix(Self.maximumCount))
        self.problem = problem.map { bounded($0, to: Self.maximumLength) }
        self.repair = repair
    }
}

extension RolesReport {
    /// nil for what does not say of which list it speaks.
    init?(json: JSONValue?) {
        guard let json, let revision = json["revision"]?.stringValue, let declared = json["declared"]?.intValue,
            let ready = json["ready"]?.intValue
        else { return nil }
        let failing = (json["failing"]?.arrayValue ?? []).compactMap { entry -> Failure? in
            guard let role = entry["role"]?.stringValue, let reason = entry["reason"]?.stringValue else { return nil }
            return Failure(role: bounded(role, to: Self.maximumLength), reason: reason)
        }
        var repair: Repair?
        if let found = json["repair"], let time = found["time"]?.stringValue, let count = found["count"]?.intValue {
            repair = Repair(
                time: time, count: count, roles: found["roles"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
        self.init(
            revision: revision, declared: declared, ready: ready, failing: failing,
            problem: json["problem"]?.stringValue, repair: repair)
    }

    var json: JSONValue {
        var json: JSONValue = [
            "revision": .string(revision), "declared": JSONValue(declared), "ready": JSONValue(ready),
        ]
        if !failing.isEmpty {
            json["failing"] = .array(failing.map { ["role": .string($0.role), "reason": .string($0.reason)] })
        }
        if let problem { json["problem"] = .string(problem) }
        if let repair {
            json["repair"] = [
                "time": .string(repair.time), "count": JSONValue(repair.count), "roles": JSONValue(repair.roles),
            ]
        }
        return json
    }
}
