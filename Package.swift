// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let nio: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpParts: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "matriarch",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "matriarch", targets: ["matriarch"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.83.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        // Pure: no I/O, no clock, no log.
        target("Units"),
        target("HighAvailability", ["Units"]),
        target("PostgresConfiguration", ["Units"]),
        // What an agent asks of its own server: the port, and its words.
        target("ServerControl", ["PostgresConfiguration", "Units"]),
        target("PlainText"),
        target("KubernetesModels", ["PlainText"]),
        // What operator, agents and command line tell each other.
        target(
            "ClusterRecords",
            ["Units", "PlainText", "HighAvailability", "PostgresConfiguration", "KubernetesModels"]),
        // What an agent asks of the store and sees of it: the ports, and who owns what is known of the lock.
        target("ClusterStore", ["ClusterRecords", "HighAvailability", "KubernetesModels", "Units"]),
        target(
            "PostgresClusterAPI",
            ["ClusterRecords", "KubernetesModels", "HighAvailability", "PostgresConfiguration", "Units"]),
        target(
            "OperatorPlan",
            [
                "PostgresClusterAPI", "ClusterRecords", "KubernetesModels", "HighAvailability", "PostgresConfiguration",
                "Units",
            ]),

        // One C library each, wrapped once.
        .target(name: "CLibCurl", linkerSettings: [.linkedLibrary("curl")]),
        target("HTTPTransport", ["CLibCurl", "CLinux"]),
        .target(name: "CLibPQ", linkerSettings: [.linkedLibrary("pq")]),
        target("PostgresClient", ["CLibPQ", crypto]),
        .target(name: "CLibYAML", linkerSettings: [.linkedLibrary("yaml")]),
        target("YAML", ["CLibYAML", "KubernetesModels"]),
        .target(name: "CLinux"),
        target("Spawning", ["CLinux"]),

        // Kubernetes.
        target("KubernetesClient", ["KubernetesModels", "HTTPTransport", "YAML", subprocess, systemPackage, log]),
        target("ControllerRuntime", ["KubernetesClient", "KubernetesModels", "Observability", collections, log]),
        target(
            "Operator",
            [
                "OperatorPlan", "PostgresClusterAPI", "ClusterRecords", "HighAvailability", "ControllerRuntime",
                "KubernetesClient", "KubernetesModels", "Observability", log,
            ]),

        // The member.
        target("Fence", ["CLinux", "Units"]),
        target("InitProcess", ["Fence", "Spawning", "CLinux", "PlainText", "Units"]),
        target(
            "PostgresInstance",
            [
                "ServerControl", "PostgresConfiguration", "PostgresClient", "Fence", "Spawning", "CLinux", "Units",
                subprocess, systemPackage, log,
            ]),
        target(
            "KubernetesStore",
            [
                "ClusterStore", "ClusterRecords", "HighAvailability", "Units", "ControllerRuntime", "KubernetesClient",
                "KubernetesModels", log,
            ]),
        // The loop and its keepers, around ports: no processes, no sockets, no files.
        target(
            "AgentShell",
            [
                "ClusterStore", "ServerControl", "ClusterRecords", "HighAvailability", "PostgresConfiguration",
                "KubernetesModels", "Units", log,
            ]),
        target(
            "AgentAPI",
            [
                "AgentShell", "ClusterRecords", "HighAvailability", "PostgresConfiguration", "Units",
                "KubernetesModels", hummingbird, lifecycle, nio, httpParts, log,
            ]),
        target(
            "Agent",
            [
                "AgentShell", "HighAvailability", "PostgresConfiguration", "PostgresInstance", "ClusterRecords",
                "ClusterStore", "KubernetesStore", "KubernetesClient", "KubernetesModels", "HTTPTransport",
                "PostgresClient", "AgentAPI", "Fence", "Spawning", "CLinux", "Observability", "Units", crypto,
                systemPackage, log,
            ]),

        target("Observability", ["CLinux", "PlainText", log]),
        target(
            "CommandLineTool",
            [
                "PostgresClusterAPI", "ClusterRecords", "KubernetesClient", "KubernetesModels", "HighAvailability",
                "PostgresConfiguration", "PostgresClient", "Spawning", "CLinux", "PlainText", "Units", "YAML",
                argumentParser,
            ]),
        .executableTarget(
            name: "matriarch",
            dependencies: [
                "Agent", "AgentShell", "AgentAPI", "Operator", "ControllerRuntime", "InitProcess", "CommandLineTool",
                "Observability", "PostgresInstance", "PostgresConfiguration", "ClusterRecords", "Spawning",
                argumentParser, log,
            ],
            swiftSettings: strict),

        // Development only; never linked by the product.
        target("SeededChance"),
        .target(
            name: "TestSupport",
            dependencies: [
                "ClusterRecords", "KubernetesClient", "KubernetesModels", "HTTPTransport", "PostgresClient", "Fence",
                "Spawning", "Units", subprocess, systemPackage,
            ],
            // Not compiled here: a library the C compiler makes would be linked with Swift's.
            resources: [.embedInCode("ShiftedClock/shifted_clock.c")], swiftSettings: strict),
        target(
            "ClusterLab",
            [
                "PostgresClusterAPI", "ClusterRecords", "PostgresConfiguration", "KubernetesClient", "KubernetesModels",
                "PostgresClient", "TestSupport", "SeededChance", "Fence", "HighAvailability", "PlainText", "Units",
                subprocess, systemPackage,
            ]),
        .executableTarget(
            name: "matriarch-lab",
            dependencies: ["ClusterLab", "PlainText", "Units", "KubernetesModels", argumentParser],
            swiftSettings: strict),
        target(
            "Simulation",
            [
                "AgentShell", "ClusterStore", "ServerControl", "ClusterRecords", "PostgresConfiguration",
                "KubernetesModels", "HighAvailability", "SeededChance", "Units", log,
            ]),
        .executableTarget(
            name: "matriarch-sim", dependencies: ["Simulation", "HighAvailability", argumentParser],
            swiftSettings: strict),
        // What the shipping `decide` says, as a page.
        target("DecisionTable", ["HighAvailability", "Units"]),
        .executableTarget(
            name: "matriarch-generate",
            dependencies: ["PostgresClusterAPI", "DecisionTable", "KubernetesModels", "YAML"],
            swiftSettings: strict),

        // Rules about the sources themselves.
        tests("SourceTests"),
        tests("PlainTextTests", ["PlainText"]),
        tests("UnitsTests", ["Units"]),
        tests("HighAvailabilityTests", ["HighAvailability", "SeededChance", "Units"]),
        tests("DecisionTableTests", ["DecisionTable", "HighAvailability"]),
        tests("PostgresConfigurationTests", ["PostgresConfiguration", "SeededChance", "Units"]),
        tests("KubernetesModelsTests", ["KubernetesModels", "SeededChance", "YAML"]),
        tests(
            "ClusterRecordsTests",
            [
                "ClusterRecords", "HighAvailability", "PostgresConfiguration", "KubernetesModels", "SeededChance",
                "Units",
            ]),
        tests(
            "PostgresClusterAPITests",
            ["PostgresClusterAPI", "ClusterRecords", "HighAvailability", "KubernetesModels", "YAML"]),
        tests(
            "AdmissionTests",
            [
                "PostgresClusterAPI", "KubernetesClient", "KubernetesModels", "SeededChance", "YAML", "TestSupport",
                subprocess, systemPackage,
            ]),
        tests(
            "OperatorPlanTests",
            [
                "OperatorPlan", "PostgresClusterAPI", "ClusterRecords", "KubernetesModels", "HighAvailability",
                "PostgresConfiguration", "Units",
            ]),
        tests(
            "KubernetesClientTests",
            ["KubernetesClient", "KubernetesModels", "HTTPTransport", "SeededChance", "TestSupport"]),
        tests(
            "ControllerRuntimeTests",
            ["ControllerRuntime", "KubernetesClient", "KubernetesModels", "Observability", "TestSupport"]),
        tests("ObservabilityTests", ["Observability", log]),
        tests(
            "OperatorTests",
            [
                "Operator", "CommandLineTool", "OperatorPlan", "PostgresClusterAPI", "ClusterRecords",
                "HighAvailability", "ControllerRuntime", "KubernetesClient", "KubernetesModels", "YAML", "TestSupport",
                "matriarch",
            ]),
        tests("FenceTests", ["Fence", "InitProcess", "Spawning", "Units"]),
        tests(
            "PostgresInstanceTests",
            [
                "PostgresInstance", "ServerControl", "PostgresClient", "PostgresConfiguration", "Fence", "Units",
                "TestSupport",
            ]),
        tests(
            "ClusterStoreTests",
            [
                "ClusterStore", "KubernetesStore", "ClusterRecords", "HighAvailability", "KubernetesClient",
                "KubernetesModels", "HTTPTransport", "Fence", "Units", "TestSupport",
            ]),
        tests(
            "AgentTests",
            [
                "Agent", "AgentShell", "AgentAPI", "ClusterRecords", "ClusterStore", "KubernetesStore", "HTTPTransport",
                "PostgresClient", "KubernetesClient", "KubernetesModels", "Fence", "HighAvailability",
                "PostgresConfiguration", "ServerControl", "Simulation", "TestSupport", "Units", "matriarch",
            ]),
        tests(
            "CommandLineToolTests",
            [
                "CommandLineTool", "PostgresClusterAPI", "ClusterRecords", "HighAvailability", "PostgresConfiguration",
                "KubernetesClient", "KubernetesModels", "PostgresClient", "PlainText", "Units", "YAML", "TestSupport",
            ]),
        tests(
            "CheckerTests",
            [
                "ClusterLab", "TestSupport", "HTTPTransport", "KubernetesModels", "PlainText", "PostgresConfiguration",
                "Fence", "Units",
            ]),
        tests("ChaosTests", ["ClusterLab", "Units", "matriarch"]),
        tests(
            "ClusterLabTests",
            [
                "ClusterLab", "CommandLineTool", "KubernetesClient", "KubernetesModels", "PostgresClusterAPI", "Units",
                argumentParser,
            ]),
        tests(
            "SimulationTests",
            [
                "Simulation", "AgentShell", "ClusterStore", "ClusterRecords", "KubernetesModels",
                "PostgresConfiguration", "HighAvailability", "ServerControl", "Units", "matriarch-sim",
            ]),
    ]
)
