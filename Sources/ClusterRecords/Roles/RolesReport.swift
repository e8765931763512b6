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
    public var repair: Alteration?
    /// The last time roles that were there before they were declared were altered.
    public var adoption: Alteration?

    public struct Failure: Hashable, Sendable {
        public var role: String
        /// In PostgreSQL's words where it was PostgreSQL that refused.
        public var reason: String

        public init(role: String, reason: String) {
            self.role = role
            self.reason = bounded(reason, to: RolesReport.maximumLength)
        }
    }

    /// What roles were altered in, at one time.
    public struct Alteration: Hashable, Sendable {
        /// RFC 3339.
        public var time: String
        public var count: Int
        /// The first of them with what that was.
        public var roles: [String]

        public init(time: String, count: Int, roles: [String]) {
            self.time = time
            self.count = count
            self.roles = roles.prefix(RolesReport.maximumCount).map { bounded($0, to: RolesReport.maximumLength) }
        }
    }

    /// How many roles may be declared.
    public static let maximumDeclared = 1024
    /// How many roles are named.
    public static let maximumCount = 16
    /// Of a reason, in Unicode scalars: somebody may have written it into an object's name.
    public static let maximumLength = 256

    public init(
        revision: String, declared: Int, ready: Int, failing: [Failure] = [], problem: String? = nil,
        repair: Alteration? = nil, adoption: Alteration? = nil
    ) {
        self.revision = revision
        self.declared = declared
        self.ready = ready
        self.failing = Array(failing.prefix(Self.maximumCount))
        self.problem = problem.map { bounded($0, to: Self.maximumLength) }
        self.repair = repair
        self.adoption = adoption
    }
}

extension RolesReport {
    /// nil for what does not say of which list it speaks.
    ///
    /// Somebody may have written it by hand. What comes of it goes into a status with a schema, so that a count is one there
    /// can be, and each role is named once.
    init?(json: JSONValue?) {
        guard let json, let revision = json["revision"]?.stringValue, let declared = json["declared"]?.intValue,
            let ready = json["ready"]?.intValue
        else { return nil }
        var named: Set<String> = []
        let failing = (json["failing"]?.arrayValue ?? []).compactMap { entry -> Failure? in
            guard let role = entry["role"]?.stringValue, let reason = entry["reason"]?.stringValue else { return nil }
            let failure = Failure(role: bounded(role, to: Self.maximumLength), reason: reason)
            return named.insert(failure.role).inserted ? failure : nil
        }
        self.init(
            revision: revision, declared: Self.count(declared), ready: min(Self.count(ready), Self.count(declared)),
            failing: failing, problem: json["problem"]?.stringValue, repair: Self.alteration(json["repair"]),
            adoption: Self.alteration(json["adoption"]))
    }

    private static func count(_ number: Int) -> Int { min(max(number, 0), maximumDeclared) }

    private static func alteration(_ json: JSONValue?) -> Alteration? {
        guard let json, let time = json["time"]?.stringValue, let count = json["count"]?.intValue else { return nil }
        return Alteration(
            time: time, count: Self.count(count), roles: json["roles"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }

    var json: JSONValue {
        var json: JSONValue = [
            "revision": .string(revision), "declared": JSONValue(declared), "ready": JSONValue(ready),
        ]
        if !failing.isEmpty {
            json["failing"] = .array(failing.map { ["role": .string($0.role), "reason": .string($0.reason)] })
        }
        if let problem { json["problem"] = .string(problem) }
        for (key, alteration) in [("repair", repair), ("adoption", adoption)] {
            guard let alteration else { continue }
            json[key] = [
                "time": .string(alteration.time), "count": JSONValue(alteration.count),
                "roles": JSONValue(alteration.roles),
            ]
        }
        return json
    }
}
