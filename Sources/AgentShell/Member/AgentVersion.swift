/// The release this agent is built from.
public enum AgentVersion {
    public static let current = "0.1.0"
}
