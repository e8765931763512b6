/// One life of a container, by the name it gave itself.
///
/// Kubernetes gives each instance of a container an empty file for its termination message, and the kubelet reports what it
/// finds there of exactly that instance once it has ended, however it ended. A name drawn at random and left there says
/// whose death is reported, without a comparison of times; what the kernel or the runtime call the container, a process in
/// a cgroup namespace of its own cannot know.
public struct ContainerInstance: Hashable, Sendable {
    /// 32 lowercase hexadecimal digits. The container IDs that former agents wrote in its place have 64, so that neither can
    /// be taken for the other.
    public let name: String

    private static let words = "matriarch instance "
    private static let digitCount = 32

    /// - Parameters: two numbers drawn at random.
    public init(_ high: UInt64, _ low: UInt64) {
        func digits(_ number: UInt64) -> String {
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: Self.digitCount / 2 - digits.count) + digits
        }
        name = digits(high) + digits(low)
    }

    /// Nil unless the line is a name's and complete: a message may have been cut anywhere.
    private init?(line: Substring) {
        guard line.hasPrefix(Self.words) else { return nil }
        let name = line.dropFirst(Self.words.count).utf8
        let isComplete = name.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
        guard name.count == Self.digitCount, isComplete else { return nil }
        self.name = String(Substring(name))
    }

    /// What it leaves in the file, for people who describe the Pod as well.
    public var line: String { Self.words + name + "\n" }

    /// The names in a termination message, in its order; whatever else is in it is somebody else's.
    ///
    /// Only processes of one instance can write its file, so that each of several names is one of that instance.
    public static func all(in message: String) -> [ContainerInstance] {
        message.split(whereSeparator: \.isNewline).compactMap { ContainerInstance(line: $0) }
    }
}
