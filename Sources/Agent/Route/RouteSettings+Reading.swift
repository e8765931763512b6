import ClusterStore
import KubernetesModels

extension RouteSettings {
    /// Reads `route` of the agent file: `{"kind": "EndpointSlice", "owner": {"apiVersion", "kind", "name", "uid"}}`.
    ///
    /// - Throws: ``AgentError`` `.configuration` with what is wrong.
    init(json: JSONValue, path: String) throws(AgentError) {
        let kind = json["kind"]?.stringValue
        guard kind == "EndpointSlice" else {
            throw AgentError(.configuration, "\(path): route.kind is \(kind ?? "absent"); it can be EndpointSlice")
        }
        guard let owner = json["owner"], !owner.isNull else {
            self.init()
            return
        }
        guard let apiVersion = owner["apiVersion"]?.stringValue, let kind = owner["kind"]?.stringValue,
            let name = owner["name"]?.stringValue, let uid = owner["uid"]?.stringValue
        else {
            throw AgentError(.configuration, "\(path): route.owner needs apiVersion, kind, name and uid")
        }
        self.init(owner: RouteOwner(apiVersion: apiVersion, kind: kind, name: name, uid: uid))
    }
}
