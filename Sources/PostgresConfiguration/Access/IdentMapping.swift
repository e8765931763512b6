/// One line of `pg_ident.conf`: which operating-system user may be which database user.
public struct IdentMapping: Hashable, Sendable {
    public let text: String

    /// The map our own peer rule uses; users cannot add to it.
    public static let reservedMap = "matriarch"

    /// Reads one line; comments and blank lines map nothing.
    public static func parse(_ line: String) -> Result<IdentMapping, HBARule.ParseFailure> {
        do {
            let fields = try AuthenticationLine.fields(of: line)
            guard fields.isEmpty || fields.count == 3 else {
                return .failure(
                    HBARule.ParseFailure(
                        reason: "is not a pg_ident mapping: map name, system user and database user are needed, "
                            + "\(fields.count) fields were found"))
            }
            if let map = fields.first, map.text == reservedMap {
                return .failure(
                    HBARule.ParseFailure(
                        reason: "uses the map name \(reservedMap), which the agent reserves for itself"))
            }
            return .success(IdentMapping(text: line))
        } catch {
            return .failure(error)
        }
    }
}
