/// What each member's Pod has of these names and numbers, for whoever makes it, runs in it or reaches it.
public enum MemberPod {
    /// The container of agent and PostgreSQL.
    public static let container = "postgres"
    public static let postgresPort = 5432
    /// Of the agents' REST interface.
    public static let agentPort = 8008
    /// Where agents answer the kubelet's probes, and nobody else.
    public static let probePort = 8009
    /// What that port is called in the container.
    public static let probePortName = "probes"
    /// Where the application's Secret is mounted, beside those of the agents' own roles.
    public static let applicationFolder = "application"
    /// Where statements for a new cluster are mounted, there as well.
    public static let scriptsFolder = "sql"
}
