import HighAvailability
import KubernetesModels
import Units

extension StandbyCluster {
    /// Reads Patroni's `standby_cluster`: `host`, `port`, `primary_slot_name`.
    ///
    /// A section that says something, and be it nonsense, keeps everybody from being promoted; what cannot be followed then is
    /// a problem. Nothing, null and an empty object say nothing.
    static func reading(_ json: JSONValue?, former: StandbyCluster?, _ problems: inout [Problem]) -> StandbyCluster? {
        guard let json, !json.isNull else { return nil }
        guard let section = json.objectValue else {
            problems.append(Problem(path: "standby_cluster", json, "is not an object"))
            return former ?? StandbyCluster(host: nil)
        }
        // As Patroni: these make a standby cluster, the others only describe one.
        guard ["host", "port", "restore_command"].contains(where: { section[$0].map { !$0.isNull } ?? false }) else {
            return nil
        }
        var result = StandbyCluster(host: nil)
        if let host = section["host"]?.stringValue, !host.isEmpty, !host.contains(where: { ",/ ".contains($0) }) {
            // Patroni and PostgreSQL write an IPv6 address without brackets; people may write both.
            result.host = ServerPlace.withoutBrackets(host)
        } else {
            problems.append(
                Problem(
                    path: "standby_cluster.host", section["host"] ?? .null, "is not the name or address of one server"))
        }
        switch section["port"] {
        case nil, .null?: break
        case let value?:
            if let port = value.intValue ?? value.stringValue.flatMap({ Int($0) }), (1...65535).contains(port) {
                result.port = port
            } else {
                problems.append(Problem(path: "standby_cluster.port", value, "is not a port"))
                result.host = nil
            }
        }
        switch section["primary_slot_name"] {
        case nil, .null?: break
        case let value?:
            if let name = value.stringValue, isSlotName(name) {
                result.slot = name
            } else {
                problems.append(
                    Problem(
                        path: "standby_cluster.primary_slot_name", value,
                        "is not 1 to 63 of the characters a-z, 0-9 and _"))
            }
        }
        return result
    }

    /// The section that says the same.
    var json: JSONValue {
        var section: JSONValue = ["port": JSONValue(port)]
        if let host { section["host"] = .string(host) }
        if let slot { section["primary_slot_name"] = .string(slot) }
        return section
    }

    private static func isSlotName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
    }
}
