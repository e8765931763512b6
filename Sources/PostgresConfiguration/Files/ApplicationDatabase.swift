/// The database a new cluster is made with for an application, and the role that owns it.
public struct ApplicationDatabase: Hashable, Sendable {
    public var name: String
    /// A role that may log in, and nothing else.
    public var owner: String
    /// Name of the Secret with the owner's password, for messages.
    public var secret: String

    public init(name: String, owner: String, secret: String) {
        self.name = name
        self.owner = owner
        self.secret = secret
    }
}
