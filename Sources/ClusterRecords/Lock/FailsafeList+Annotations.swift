import HighAvailability
import KubernetesModels

extension FailsafeList {
    /// Reads Patroni's `failsafe` and the Pods that belong to it; nil when the leader keeps no list.
    ///
    /// A list that cannot be read is an empty one: nobody is in it, so nobody takes an expired lock before it is mended.
    ///
    /// - Parameter isOurs: a Matriarch agent holds the lock. Beside Patroni's list our Pods may be those of an earlier one.
    init?(annotations: [String: String], isOurs: Bool) {
        guard let text = annotations[StoreKey.failsafe], !text.isEmpty else { return nil }
        let addresses = Self.map(text) ?? [:]
        let pods = isOurs ? annotations[StoreKey.failsafePods].flatMap(Self.map) ?? [:] : [:]
        self.init(Set(addresses.map { Entry(name: $0.key, apiURL: $0.value, podUID: pods[$0.key]) }))
    }

    /// - Parameter list: nil removes the annotations.
    static func annotations(_ list: FailsafeList?) -> [String: String?] {
        guard let list, !list.entries.isEmpty else {
            return [StoreKey.failsafe: nil, StoreKey.failsafePods: nil]
        }
        let addresses = list.entries.map { ($0.name, JSONValue.string($0.apiURL)) }
        let pods = list.entries.compactMap { entry in entry.podUID.map { (entry.name, JSONValue.string($0)) } }
        return [
            StoreKey.failsafe: JSONValue.object(Dictionary(addresses) { $1 }).serialized(),
            StoreKey.failsafePods: JSONValue.object(Dictionary(pods) { $1 }).serialized(),
        ]
    }

    private static func map(_ text: String) -> [String: String]? {
        // Not JSON: as if there were nothing in it.
        (try? JSONValue(parsing: text))?.stringMapValue
    }
}
