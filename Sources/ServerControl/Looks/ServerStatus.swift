public import PostgresConfiguration
public import Units

/// What a running server says about itself, from one statement.
public struct ServerStatus: Hashable, Sendable {
    public let isInRecovery: Bool
    /// A primary's current timeline; on a standby the newest one it received or replayed.
    public package(set) var timeline: Timeline
    public let systemIdentifier: String
    /// On a primary only.
    public let insertPosition: LSN?
    /// On a primary only: what is on disk.
    public let flushPosition: LSN?
    /// On a standby: what is on disk of what was received.
    public let receivePosition: LSN?
    /// On a standby: what was received and written, perhaps not yet on disk.
    public let writtenPosition: LSN?
    /// On a standby.
    public let replayPosition: LSN?
    /// On a standby: when the last transaction that was replayed was committed, written as ``postmasterStartTime``; nil before the
    /// first.
    public let replayedTimestamp: String?
    /// On a standby: it has a `restore_command`.
    public let hasRestoreCommand: Bool
    /// On a standby: replay is, or will be at the next record, paused.
    public let isReplayPaused: Bool
    /// On a standby: replay is paused because the primary's settings, as replayed, are above this server's. It cannot be
    /// promoted, and only a restart with those settings mends it. False when a person paused it, whom a promotion overrules.
    public package(set) var isReplayPausedForSettings = false
    public let version: ServerVersion
    /// `2026-11-20 23:40:58.073512+00:00`, as Patroni writes it.
    public let postmasterStartTime: String
    /// `synchronous_standby_names` in force.
    public let synchronousStandbyNames: String
    public let receiver: Receiver?
    public let standbys: [Standby]
    public let slots: [Slot]
    /// Parameters whose new value waits for a restart.
    public var pendingRestart: [PendingSetting]

    public init(
        isInRecovery: Bool,
        timeline: Timeline,
        systemIdentifier: String,
        insertPosition: LSN? = nil,
        flushPosition: LSN? = nil,
        receivePosition: LSN? = nil,
        writtenPosition: LSN? = nil,
        replayPosition: LSN? = nil,
        replayedTimestamp: String? = nil,
        hasRestoreCommand: Bool = false,
        isReplayPaused: Bool = false,
        version: ServerVersion,
        postmasterStartTime: String,
        synchronousStandbyNames: String,
        receiver: Receiver? = nil,
        standbys: [Standby] = [],
        slots: [Slot] = [],
        pendingRestart: [PendingSetting] = []
    ) {
        self.isInRecovery = isInRecovery
        self.timeline = timeline
        self.systemIdentifier = systemIdentifier
        self.insertPosition = insertPosition
        self.flushPosition = flushPosition
        self.receivePosition = receivePosition
        self.writtenPosition = writtenPosition
        self.replayPosition = replayPosition
        self.replayedTimestamp = replayedTimestamp
        self.hasRestoreCommand = hasRestoreCommand
        self.isReplayPaused = isReplayPaused
        self.version = version
        self.postmasterStartTime = postmasterStartTime
        self.synchronousStandbyNames = synchronousStandbyNames
        self.receiver = receiver
        self.standbys = standbys
        self.slots = slots
        self.pendingRestart = pendingRestart
    }

    /// How far this server's WAL reaches: flushed on a primary, the furthest of received and replayed on a standby.
    public var position: LSN {
        isInRecovery
            ? [receivePosition, writtenPosition, replayPosition].compactMap { $0 }.max() ?? .invalid
            : flushPosition ?? .invalid
    }

    /// Where a standby's WAL comes from, in Patroni's words: `streaming`, or `in archive recovery` where it does not stream and
    /// has an archive; nil where it comes from nowhere, and on a primary.
    public var replicationState: String? {
        guard isInRecovery else { return nil }
        if receiver?.isStreaming == true { return "streaming" }
        return hasRestoreCommand ? "in archive recovery" : nil
    }

    /// The walreceiver.
    public struct Receiver: Hashable, Sendable {
        /// `streaming`, `starting`, `waiting`, …
        public let status: String
        public let host: String?
        public let port: Int?
        public let slot: String?
        public let timeline: Timeline?

        public init(
            status: String,
            host: String?,
            port: Int?,
            slot: String?,
            timeline: Timeline?
        ) {
            self.status = status
            self.host = host
            self.port = port
            self.slot = slot
            self.timeline = timeline
        }

        public var isStreaming: Bool { status == "streaming" }
    }

    /// A walsender's client.
    public struct Standby: Hashable, Sendable {
        /// As whom it has logged in.
        public let userName: String
        public let applicationName: String
        public let address: String?
        /// `startup`, `catchup`, `streaming`, `backup`, `stopping`.
        public let state: String
        public let sent: LSN?
        public let written: LSN?
        public let flushed: LSN?
        public let replayed: LSN?
        /// `async`, `potential`, `sync`, `quorum`.
        public let synchronousState: String
        /// Its place in `synchronous_standby_names`, from 1; 1 for each of a quorum, 0 for one that is not named.
        public let synchronousPriority: Int

        public init(
            userName: String,
            applicationName: String,
            address: String?,
            state: String,
            sent: LSN?,
            written: LSN?,
            flushed: LSN?,
            replayed: LSN?,
            synchronousState: String,
            synchronousPriority: Int
        ) {
            self.userName = userName
            self.applicationName = applicationName
            self.address = address
            self.state = state
            self.sent = sent
            self.written = written
            self.flushed = flushed
            self.replayed = replayed
            self.synchronousState = synchronousState
            self.synchronousPriority = synchronousPriority
        }
    }

    public struct Slot: Hashable, Sendable {
        public let name: String
        public let isPhysical: Bool
        public let isActive: Bool
        public let isTemporary: Bool
        public let restartPosition: LSN?
        /// `reserved`, `extended`, `unreserved`, `lost`.
        public let walStatus: String?

        public init(
            name: String,
            isPhysical: Bool,
            isActive: Bool,
            isTemporary: Bool,
            restartPosition: LSN?,
            walStatus: String?
        ) {
            self.name = name
            self.isPhysical = isPhysical
            self.isActive = isActive
            self.isTemporary = isTemporary
            self.restartPosition = restartPosition
            self.walStatus = walStatus
        }
    }
}
